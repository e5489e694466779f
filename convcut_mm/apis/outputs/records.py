"""Results as JSON lines and as a CSV table."""

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from ...utils.atomic import atomic_file
from ...utils.text import as_utf8, cell

BOX = ('x1', 'y1', 'x2', 'y2')
JSON_LINES, CSV = 'predictions.jsonl', 'predictions.csv'


def columns(classes: Sequence[str]) -> list[str]:
    """Columns of the table."""
    return [
        'input',
        'picture',
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


def rows(result: dict, classes: Sequence[str]) -> list[list]:
    """Rows of the table for an image: one for each face, and one where there is none.

    Args:
        result (dict): What ``ExpressionInferencer`` says about it.
        classes (Sequence[str]): Class names.
    """
    before = [result.get(name) for name in ('input', 'picture', 'frame', 'time')]
    error = result.get('error')
    table = [
        [
            *before,
            number,
            face.get('track'),
            *face['box'],
            *(face.get(name) for name in ('detection_score', 'expression', 'score')),
            *face['probabilities'].values(),
            error,
        ]
        for number, face in enumerate(result['faces'], 1)
    ]
    empty = [None] * (len(columns(classes)) - len(before) - 1)
    return table or [[*before, *empty, error]]


def write_tables(folder: str | Path, results: Iterable[dict], classes: Sequence[str]) -> None:
    """Write ``predictions.jsonl`` and ``predictions.csv``, both whole or not at all.

    Args:
        folder (str | Path): Made if missing.
        results (Iterable[dict]): See ``ExpressionInferencer``; their numbers are written with six
            digits.
        classes (Sequence[str]): Class names.

    Raises:
        OSError: The disk is full, ...
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
        writer = csv.writer(table)
        writer.writerow(map(cell, columns(classes)))
        for result in map(plain, results):
            lines.write(json_line(result))
            writer.writerows([map(cell, row) for row in rows(result, classes)])


def json_line(value: dict) -> bytes:
    """A line of JSON for what :func:`plain` gave."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode() + b'\n'


def plain(value):
    """The same as JSON can hold it: text in UTF-8, floats with six digits, None for NaN."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, str):
        return as_utf8(value)
    if isinstance(value, dict):
        return {as_utf8(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value
