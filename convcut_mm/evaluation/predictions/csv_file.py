"""Read the predictions of any classifier from a CSV file.

::

    file,surprise,fear,disgust,...        or        file,label
    test_0001.jpg,0.1,0.7,0.05,...                  test_0001.jpg,fear
"""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import ConvcutError

FILE, LABEL = 'file', 'label'


def read_csv(path: str | Path, classes: Sequence[str]) -> tuple[list[str], np.ndarray, list[int]]:
    """Read a CSV file of predictions.

    Args:
        path (str | Path): The file. Its header has the column ``file`` and either a column for
            each class, with probabilities (or any values from 0 that are highest for the
            predicted class), or the column ``label``, with names or numbers (from 0) of classes.
        classes (Sequence[str]): Names of the classes.

    Returns:
        tuple[list[str], np.ndarray, list[int]]: Files as written there, probabilities of shape
        (N, C), one-hot for labels, and line numbers.

    Raises:
        ConvcutError: No such file, or one in another format; the message names the line.
    """
    path = Path(path)
    if not path.is_file():
        raise ConvcutError(f'{path}: no such file of predictions')
    files, probabilities, lines = [], [], []
    try:
        # utf-8-sig: spreadsheets write a byte order mark before the header
        with open(path, newline='', encoding='utf-8-sig') as file:
            reader = csv.reader(file, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            order = _columns(header, classes, path)
            for row in reader:
                if not row:
                    continue
                place = f'{path}, line {reader.line_num}'
                if len(row) != len(header):
                    raise ConvcutError(f'{place}: {len(row)} fields, the header has {len(header)}')
                cells = [row[column].strip() for column in order]
                if not cells[0]:
                    raise ConvcutError(f'{place}: no file name')
                files.append(cells[0])
                read = _one_hot if LABEL in header else _probabilities
                probabilities.append(read(cells[1:], classes, place))
                lines.append(reader.line_num)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ConvcutError(f'{path}: not a CSV file in UTF-8 ({error})') from None
    if not files:
        raise ConvcutError(f'{path}: no predictions below the header')
    return files, np.array(probabilities), lines


def _columns(header: list[str], classes: Sequence[str], path: Path) -> list[int]:
    """Return the columns of the file name and of the label, or of the file name and each class."""
    if not header:
        raise ConvcutError(f'{path}: empty; expected {_expected(classes)}')
    wanted = [FILE, LABEL] if header.count(LABEL) else [FILE, *classes]
    for name in wanted:
        if header.count(name) != 1:
            problem = 'no column' if name not in header else 'more than one column'
            raise ConvcutError(
                f'{path}, line 1: {problem} "{name}"; expected {_expected(classes)}; write zeros '
                'for a class that the classifier does not know'
            )
    for name in header:
        if name not in wanted:
            raise ConvcutError(
                f'{path}, line 1: unknown column "{name}"; expected {_expected(classes)}'
            )
    return [header.index(name) for name in wanted]


def _expected(classes: Sequence[str]) -> str:
    return f'the header "{FILE},{LABEL}" or "{FILE},{",".join(classes)}"'


def _one_hot(cells: list[str], classes: Sequence[str], place: str) -> list[float]:
    (label,) = cells
    if label in classes:
        predicted = list(classes).index(label)
    elif label.isdecimal() and int(label) < len(classes):
        predicted = int(label)
    else:
        raise ConvcutError(
            f'{place}: unknown class "{label}", expected one of {", ".join(classes)}, or a number '
            f'from 0 to {len(classes) - 1} in that order'
        )
    return [float(index == predicted) for index in range(len(classes))]


def _probabilities(cells: list[str], classes: Sequence[str], place: str) -> list[float]:
    values = []
    for cell, name in zip(cells, classes):
        try:
            value = float(cell)
        except ValueError:
            raise ConvcutError(f'{place}: "{cell}" for {name} is not a number') from None
        if not (math.isfinite(value) and value >= 0):
            raise ConvcutError(
                f'{place}: {cell} for {name}, expected a probability that is not negative'
            )
        values.append(value)
    if not any(values):
        raise ConvcutError(f'{place}: zero for every class, so no class is predicted')
    return values
