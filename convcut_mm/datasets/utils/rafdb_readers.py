"""Readers of RAF-DB's three layouts; labels follow RAF-DB's official order, from 0.

Each reader takes the folder of the subset, the folder of the split, the subset ('basic' or
'compound') and the names that the split may have, and returns image paths with labels.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import ConvcutError
from .class_names import official_name
from .image_folder import check_listed, entries, image_files, missing_image
from .tables import csv_rows, plain_name, shown, text_lines, whole_number

BASIC = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')
COMPOUND = (
    'happily surprised',
    'happily disgusted',
    'sadly fearful',
    'sadly angry',
    'sadly surprised',
    'sadly disgusted',
    'fearfully angry',
    'fearfully surprised',
    'angrily surprised',
    'angrily disgusted',
    'disgustedly surprised',
)
CLASSES = {'basic': BASIC, 'compound': COMPOUND}
LIST = Path('EmoLabel') / 'list_patition_label.txt'  # sic, the official name

Items = list[tuple[str, int]]
Reader = Callable[[Path, Path, str, Sequence[str]], Items]


def read_official(base: Path, folder: Path, subset: str, names: Sequence[str]) -> Items:
    """Read the authors' layout: one list of labels, one folder of aligned images."""
    if not folder.is_dir():
        raise ConvcutError(f'{folder}: no such folder; expected the aligned images of RAF-DB')
    present = {path.name for path in entries(folder)}
    labels = {}
    for name, label in _listed_labels(base / LIST, subset).items():
        if name.startswith(names[0]):
            path = Path(name)
            aligned = f'{path.stem}_aligned{path.suffix}'
            # some copies have lost the ending
            labels[name if aligned not in present and name in present else aligned] = label
    check_listed(folder, list(labels), base / LIST)
    return [(str(folder / name), label) for name, label in labels.items()]


def _listed_labels(listed: Path, subset: str) -> dict[str, int]:
    """Return the label of each name in the official list."""
    labels: dict[str, int] = {}
    for number, line in enumerate(text_lines(listed), 1):
        place, fields = f'{listed}, line {number}', line.split()
        if not fields:
            continue
        if len(fields) != 2:
            raise ConvcutError(f'{place}: expected "NAME.jpg LABEL", got "{shown(line.rstrip())}"')
        name, label = fields[0], _parse_label(fields[1], subset, place)
        if not name.startswith(('train', 'test')) or not plain_name(name):
            raise ConvcutError(
                f'{place}: expected a name that starts with train or test, got "{shown(name)}"'
            )
        if name in labels:
            raise ConvcutError(f'{place}: expected each image once, got {shown(name)} again')
        labels[name] = label
    return labels


def read_kaggle(base: Path, folder: Path, subset: str, names: Sequence[str]) -> Items:
    """Read Kaggle's layout: folders 1, 2, ..., perhaps with a table of labels beside them."""
    count = len(CLASSES[subset])
    folders: dict[int, Path] = {}
    for path in entries(folder):
        if path.is_dir():
            label = _parse_label(path.name, subset, str(path))
            if label in folders:
                raise ConvcutError(f'{path}: the same class as {folders[label]}')
            folders[label] = path
    for label in range(count):
        if label not in folders:
            raise ConvcutError(
                f'{folder / str(label + 1)}: no such folder; expected 1 to {count}, one for each '
                'class'
            )
    items = [
        (str(path), label) for label in sorted(folders) for path in image_files(folders[label])
    ]
    tables = [f'{name}_labels.csv' for name in names]
    places = [place / name for place in (base, base.absolute().parent) for name in tables]
    table = next((path for path in places if path.is_file()), None)
    if table is not None:
        _check_table(table, items, folder, subset)
    return items


def _check_table(table: Path, items: Items, folder: Path, subset: str) -> None:
    """Refuse a table that contradicts the folders, which decide on the labels."""
    labels = {Path(path).name: label for path, label in items}
    rows = csv_rows(table)
    next(rows, None)
    for number, row in rows:
        place = f'{table}, line {number}'
        if len(row) < 2:
            raise ConvcutError(f'{place}: expected "image,label", got "{shown(",".join(row))}"')
        name, label = row[0], _parse_label(row[1], subset, place)
        if name not in labels:
            if not plain_name(name):
                raise ConvcutError(f'{place}: expected the name of an image, got "{shown(name)}"')
            raise missing_image(folder / str(label + 1) / name, table)
        if labels[name] != label:
            raise ConvcutError(
                f'{place}: {name} has label {label + 1}, but lies in folder {labels[name] + 1}'
            )


def read_named(base: Path, folder: Path, subset: str, names: Sequence[str]) -> Items:
    """Read folders named by class."""
    classes = CLASSES[subset]
    folders: dict[str, Path] = {}
    for path in entries(folder):
        if path.is_dir():
            name = official_name(path.name)
            if name not in classes:
                raise ConvcutError(f'{path}: unknown class folder, expected {", ".join(classes)}')
            if name in folders:
                raise ConvcutError(f'{path}: the same class as {folders[name]}')
            folders[name] = path
    for name in classes:
        if name not in folders:
            raise ConvcutError(
                f'{folder / name}: no such folder; expected one for each of {", ".join(classes)}'
            )
    return [
        (str(path), label)
        for label, name in enumerate(classes)
        for path in image_files(folders[name])
    ]


def _parse_label(text: str, subset: str, place: str) -> int:
    """Turn a label from 1 into one from 0."""
    count = len(CLASSES[subset])
    label = whole_number(text)
    if label is None or not 1 <= label <= count:
        raise ConvcutError(
            f'{place}: expected a label from 1 to {count} ({subset}), got "{shown(text)}"'
        )
    return label - 1
