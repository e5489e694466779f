"""Predictions of any classifier as a CSV file.

::

    file,surprise,fear,disgust,...        or        file,label
    test_0001.jpg,0.1,0.7,0.05,...                  test_0001.jpg,fear
"""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Union

import numpy as np

from ..errors import ConvcutError

FILE, LABEL = 'file', 'label'


def read_csv(path: Union[str, Path], classes: Sequence[str]) -> tuple:
    """Reads a CSV file of predictions.

    Args:
        path (str | Path): The file. Its header names the column ``file`` and either a column
            for each class, with probabilities (or anything not negative that is highest for the
            predicted class), or the column ``label``, with names or numbers (from 0) of classes.
        classes (Sequence[str]): Names of the classes.

    Returns:
        tuple[list[str], np.ndarray, list[int]]: The files as written there, the scores of shape
        (N, C), one-hot for labels, and the files' lines.

    Raises:
        ConvcutError: No such file, or one that is not like that; the message names the line.
    """
    path = Path(path)
    if not path.is_file():
        raise ConvcutError(f'{path}: no such file of predictions')
    files, scores, lines = [], [], []
    try:
        # utf-8-sig: spreadsheets put a mark before the header
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
                read = _label_scores if LABEL in header else _probabilities
                scores.append(read(cells[1:], classes, place))
                lines.append(reader.line_num)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ConvcutError(f'{path}: not a CSV file in UTF-8 ({error})') from None
    if not files:
        raise ConvcutError(f'{path}: no predictions below the header')
    return files, np.array(scores), lines


def _columns(header: list, classes: Sequence[str], path: Path) -> list:
    """Where the file name stands, and then the label or each class."""
    if not header:
        raise ConvcutError(f'{path}: empty; expected {_expected(classes)}')
    wanted = [FILE, LABEL] if header.count(LABEL) else [FILE, *classes]
    for name in wanted:
        if header.count(name) != 1:
            problem = 'no column' if name not in header else 'more than one column'
            raise ConvcutError(
                f'{path}, line 1: {problem} "{name}"; expected {_expected(classes)}; a class that '
                'the classifier does not know has zeros'
            )
    for name in header:
        if name not in wanted:
            raise ConvcutError(
                f'{path}, line 1: unknown column "{name}"; expected {_expected(classes)}'
            )
    return [header.index(name) for name in wanted]


def _expected(classes: Sequence[str]) -> str:
    return f'the header "{FILE},{LABEL}" or "{FILE},{",".join(classes)}"'


def _label_scores(cells: list, classes: Sequence[str], place: str) -> list:
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


def _probabilities(cells: list, classes: Sequence[str], place: str) -> list:
    values = []
    for cell, name in zip(cells, classes):
        try:
            value = float(cell)
        except ValueError:
            raise ConvcutError(f'{place}: "{cell}" for {name} is not a number') from None
        if not (math.isfinite(value) and value >= 0):
            raise ConvcutError(
                f'{place}: {cell} for {name}, expected a probability, which is not negative'
            )
        values.append(value)
    if not any(values):
        raise ConvcutError(f'{place}: zero for every class predicts none')
    return values
