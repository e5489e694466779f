"""Results as JSON lines and as a CSV table, written while they come."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Union

from ..utils.atomic import atomic_file

BOX = ('x1', 'y1', 'x2', 'y2')
JSON_LINES, CSV = 'predictions.jsonl', 'predictions.csv'


def columns(classes: Sequence[str]) -> list:
    """Columns of the table."""
    return [
        'input',
        'frame',
        'time',
        'face',
        'track',
        *BOX,
        'detection_score',
        'expression',
        'score',
        *classes,
        'error',
    ]


def rows(result: dict, classes: Sequence[str]) -> list:
    """Rows of the table for an image: one for each face, and one where there is none.

    Args:
        result (dict): What ``ExpressionInferencer`` says about it.
        classes (Sequence[str]): Class names.
    """
    shared = {name: result.get(name) for name in ('input', 'frame', 'time', 'error')}
    table = []
    for number, face in enumerate(result['faces']):
        row = {**shared, 'face': number, **dict(zip(BOX, face['box']))}
        row.update({f'{name}': face['probabilities'][name] for name in classes})
        for name in ('track', 'detection_score', 'expression', 'score'):
            row[name] = face.get(name)
        table.append(row)
    return table or [shared]


@contextmanager
def record(folder: Union[str, Path], classes: Sequence[str]) -> Iterator[Callable]:
    """Writes ``predictions.jsonl`` and ``predictions.csv``; they appear when the block ends.

    Args:
        folder (str | Path): Made if missing.
        classes (Sequence[str]): Class names.

    Yields:
        callable: Takes a result; its numbers are written with six digits.
    """
    folder = Path(folder)
    with ExitStack() as stack:
        lines = stack.enter_context(atomic_file(folder / JSON_LINES))
        table = io.TextIOWrapper(
            stack.enter_context(atomic_file(folder / CSV)),
            encoding='utf-8',
            newline='',
            write_through=True,
        )
        # the file below is closed, and put into its place, by atomic_file
        stack.callback(table.detach)
        writer = csv.DictWriter(table, columns(classes))
        writer.writeheader()

        def write(result: dict) -> None:
            result = rounded(result)
            lines.write(json.dumps(result, ensure_ascii=False).encode() + b'\n')
            writer.writerows(rows(result, classes))

        yield write


def rounded(value):
    """The same with six digits after the point in every float."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return value
