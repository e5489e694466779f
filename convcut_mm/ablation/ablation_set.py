"""Read a set of configs to compare from a YAML file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConvcutError
from ..zoo import root

_KEYS = {'title', 'metric', 'backbone', 'rows', 'beside', 'notes'}
_ROW_KEYS = {'title', 'config', 'paper', 'reference'}


@dataclass(frozen=True)
class TableRow:
    """One row of the table.

    Args:
        title: What is different in this row.
        config: Its config file.
        paper: The paper's results by the heading of their column, in per cent.
    """

    title: str
    config: Path
    paper: dict[str, float]


@dataclass(frozen=True)
class AblationSet:
    """The rows of one table.

    Args:
        name: Name of the file, without suffix.
        title: Heading of the table.
        rows: The rows.
        backbone: Config that is trained before the rows; its last checkpoint is the frozen
            backbone of every row. Defaults to None: the rows share no backbone.
        notes: Sentences below the table. Defaults to ().
        metric: Metric of the evaluators that chooses the epoch of each row. Defaults to None: the
            one in each config.
        reference: Title of the row that the others are compared with. Defaults to None: the first.
        beside: Names of other sets whose results are more columns, by heading. Defaults to none.
    """

    name: str
    title: str
    rows: tuple[TableRow, ...]
    backbone: Path | None = None
    notes: tuple[str, ...] = ()
    metric: str | None = None
    reference: str | None = None
    beside: dict[str, str] = field(default_factory=dict)


def read_set(name: str | Path) -> AblationSet:
    """Read a set.

    ::

        title: what is compared
        metric: single-label/recall      # optional: chooses the epochs, here mean class accuracy
        backbone: backbone.py            # optional; paths are relative to this file
        rows:
          - title: what is different
            config: row.py
            paper: {RAF-DB: 97.33}       # optional
            reference: true              # optional: others are compared with it, not the first
        beside: {48 pixels: table2-small}    # optional: results of other sets, by heading
        notes: [a sentence]              # optional

    Args:
        name (str | Path): A YAML file, or the name of a set in ``configs/METHOD/ablations`` or in
            a folder of it.

    Raises:
        ConvcutError: No such set, a missing or unknown key, no such config, two rows of the same
            title, two references, or two configs of the same name.
    """
    path = _find(str(name))
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = ' '.join(str(error).split())
        raise ConvcutError(f'{path}: not a YAML file ({reason})') from None
    _check_keys(path, 'the file', content, _KEYS, {'title', 'rows'})
    if not isinstance(content['rows'], list) or not content['rows']:
        raise ConvcutError(f'{path}: expected a list of rows under "rows"')
    rows = tuple(_row(path, number, row) for number, row in enumerate(content['rows'], 1))
    titles = [row.title for row in rows]
    for title in titles:
        if titles.count(title) > 1:
            raise ConvcutError(f'{path}: two rows have the title "{title}"')
    backbone = content.get('backbone')
    backbone = None if backbone is None else _config(path, backbone)
    _check_names(path, [*(row.config for row in rows), *([backbone] if backbone else [])])
    notes = content.get('notes') or []
    if not isinstance(notes, list):
        raise ConvcutError(f'{path}: expected a list of sentences under "notes"')
    return AblationSet(
        path.stem,
        str(content['title']),
        rows,
        backbone,
        tuple(map(str, notes)),
        _metric(path, content),
        _reference(path, content['rows']),
        _beside(path, content.get('beside')),
    )


def _find(name: str) -> Path:
    if Path(name).is_file():
        return Path(name)
    sets = {path.stem: path for path in sorted((root() / 'configs').glob('*/ablations/**/*.yml'))}
    if name not in sets:
        raise ConvcutError(f'{name}: no such file or set; the sets are {", ".join(sorted(sets))}')
    return sets[name]


def _metric(path: Path, content: dict[str, Any]) -> str | None:
    metric = content.get('metric')
    # it becomes part of an option and of the name of a folder
    if metric is not None and not (isinstance(metric, str) and re.fullmatch(r'[\w./-]+', metric)):
        raise ConvcutError(
            f'{path}: expected "metric" to be a name such as accuracy/top1 or single-label/recall'
        )
    return metric


def _reference(path: Path, rows: list[dict[str, Any]]) -> str | None:
    marks = [row.get('reference', False) for row in rows]
    if not all(isinstance(mark, bool) for mark in marks) or sum(marks) > 1:
        raise ConvcutError(f'{path}: expected "reference: true" in one row at most')
    return str(rows[marks.index(True)]['title']) if any(marks) else None


def _beside(path: Path, beside: Any) -> dict[str, str]:
    if beside is None:
        return {}
    if not isinstance(beside, dict):
        raise ConvcutError(f'{path}: expected "beside" to be {{heading: name of a set}}')
    for name in beside.values():
        if not (path.parent / f'{name}.yml').is_file():
            _find(str(name))
    return {str(heading): Path(str(name)).stem for heading, name in beside.items()}


def _row(path: Path, number: int, row: Any) -> TableRow:
    _check_keys(path, f'row {number}', row, _ROW_KEYS, {'title', 'config'})
    paper = row.get('paper') or {}
    if not isinstance(paper, dict) or not all(
        isinstance(value, (int, float)) for value in paper.values()
    ):
        raise ConvcutError(f'{path}: row {number}: expected "paper" to be {{heading: number}}')
    paper = {str(key): float(value) for key, value in paper.items()}
    return TableRow(str(row['title']), _config(path, row['config']), paper)


def _check_keys(path: Path, where: str, content: Any, known: set[str], needed: set[str]) -> None:
    if not isinstance(content, dict):
        raise ConvcutError(f'{path}: expected {where} to have the keys {", ".join(sorted(known))}')
    for key in content:
        if key not in known:
            raise ConvcutError(
                f'{path}: unknown key "{key}" in {where}, expected {", ".join(sorted(known))}'
            )
    for key in sorted(needed):
        if content.get(key) is None:
            raise ConvcutError(f'{path}: {where} has no "{key}"')


def _config(path: Path, name: str) -> Path:
    config = path.parent / str(name)
    if not config.is_file():
        raise ConvcutError(f'{config}: no such config file, named in {path}')
    return config


def _check_names(path: Path, configs: Sequence[Path]) -> None:
    # the folder of a run has the name of its config
    seen: dict[str, Path] = {}
    for config in configs:
        other = seen.setdefault(config.stem, config)
        if other.resolve() != config.resolve():
            raise ConvcutError(
                f'{path}: {other} and {config} have the same name and would share a work folder; '
                'rename one of them'
            )
