"""Results of other sets, as further columns of a table."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# what a column shows of a row
SHOWN = ('overall_accuracy', 'mean_class_accuracy')


def read_beside(beside: Mapping[str, str], work_dir: Path) -> list[dict[str, Any]]:
    """Read the tables of other sets that have run in the same folder.

    Args:
        beside (Mapping[str, str]): Names of sets by the heading of their columns.
        work_dir (Path): Folder of the tables.

    Returns:
        list[dict]: For each set ``heading``, ``set``, ``missing`` (None, or why there are no
        results) and ``rows``: the metrics of ``SHOWN`` and the ``seeds`` by title of the row.
    """
    found = []
    for heading, name in beside.items():
        rows, missing = {}, None
        try:
            content = json.loads((work_dir / f'{name}.json').read_text())
            rows = {str(row['title']): _shown(row) for row in content['rows']}
        except FileNotFoundError:
            missing = 'not run'
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            missing = 'cannot be read'  # cut short, or of another version
        found.append(dict(heading=heading, set=name, missing=missing, rows=rows))
    return found


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = dict(seeds=[int(seed) for seed in row['seeds']])
    for key in SHOWN:
        numbers = [row[key]['value'], *row[key]['interval'], row[key]['spread']]
        value, low, high, spread = (None if one is None else float(one) for one in numbers)
        shown[key] = dict(value=value, interval=[low, high], spread=spread)
    return shown
