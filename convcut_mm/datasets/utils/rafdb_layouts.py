"""The layouts in which people keep RAF-DB, found by looking at the folders.

Each reader returns ``[(image path, label from 0)]`` in RAF-DB's official label order.
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Optional

from ...errors import ConvcutError
from ..fer_dataset import missing_image

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
IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png')


def read(root: Path, subset: str, split: str) -> list:
    """Finds the layout below ``root`` and reads one split.

    Args:
        root (Path): The data set's folder, or the folder of the subset itself.
        subset (str): 'basic' or 'compound'.
        split (str): 'train' or 'test'.

    Returns:
        list[tuple[str, int]]: Image paths and labels.

    Raises:
        ConvcutError: None of the layouts is there, or a file is not what it should be.
    """
    # the other subset's own folder has valid labels too, of other classes
    here = [] if root.name in CLASSES and root.name != subset else [root]
    for base in (root / subset, *here):
        if (base / LIST).is_file():
            return _official(base, subset, split)
    for base in (root / 'DATASET', root / subset, *here):
        layout = _folder_layout(base, subset, split)
        if layout is not None:
            return layout(base, subset, split)
    raise ConvcutError(
        f'{root}: no known layout of RAF-DB ({subset}, {split}); expected {subset}/{LIST} '
        f'(official), DATASET/{split}/1 ... {len(CLASSES[subset])} (Kaggle) or '
        f'{split}/{CLASSES[subset][0]} ... (folders named by class)'
    )


def _folder_layout(base: Path, subset: str, split: str) -> Optional[Callable]:
    if not (base / split).is_dir():
        return None
    names = {path.name.lower() for path in (base / split).iterdir() if path.is_dir()}
    if names & {str(i) for i in range(1, len(CLASSES[subset]) + 1)}:
        return _kaggle
    return _named if names & set(CLASSES[subset]) else None


def _official(base: Path, subset: str, split: str) -> list:
    labels = base / LIST
    images = base / 'Image' / 'aligned'
    if not images.is_dir():
        raise ConvcutError(f'{images}: no such folder; expected the aligned images of RAF-DB')
    present = {path.name for path in images.iterdir()}
    items = []
    for number, line in enumerate(labels.read_text().splitlines(), 1):
        fields = line.split()
        if len(fields) != 2:
            raise ConvcutError(f'{labels}, line {number}: expected "NAME.jpg LABEL", got "{line}"')
        label = _label(fields[1], subset, f'{labels}, line {number}')
        if not fields[0].startswith(('train', 'test')):
            raise ConvcutError(
                f'{labels}, line {number}: expected a name that starts with train '
                f'or test, got "{fields[0]}"'
            )
        if fields[0].startswith(split):
            name = f'{Path(fields[0]).stem}_aligned{Path(fields[0]).suffix}'
            if name not in present:
                raise missing_image(images / name, labels)
            items.append((str(images / name), label))
    return items


def _kaggle(base: Path, subset: str, split: str) -> list:
    folders = {path.name: path for path in (base / split).iterdir() if path.is_dir()}
    items = []
    for name in sorted(folders, key=lambda name: (len(name), name)):
        label = _label(name, subset, str(folders[name]))
        items += [(str(path), label) for path in _images(folders[name])]
    for name in map(str, range(1, len(CLASSES[subset]) + 1)):
        if name not in folders:
            raise ConvcutError(
                f'{base / split / name}: no such folder; expected 1 to '
                f'{len(CLASSES[subset])}, one for each class'
            )
    table = _kaggle_table(base, split)
    if table is not None:
        _check_table(table, items, base / split, subset)
    return items


def _kaggle_table(base: Path, split: str) -> Optional[Path]:
    for folder in (base, base.parent):
        if (folder / f'{split}_labels.csv').is_file():
            return folder / f'{split}_labels.csv'
    return None


def _check_table(table: Path, items: list, folder: Path, subset: str) -> None:
    """The folders give the labels; the table beside them must not say otherwise."""
    labels = {Path(path).name: label for path, label in items}
    with open(table, newline='') as file:
        reader = csv.reader(file)
        next(reader, None)
        for number, row in enumerate(reader, 2):
            if len(row) < 2:
                raise ConvcutError(
                    f'{table}, line {number}: expected "image,label", got "{",".join(row)}"'
                )
            label = _label(row[1], subset, f'{table}, line {number}')
            if row[0] not in labels:
                raise missing_image(folder / str(label + 1) / row[0], table)
            if labels[row[0]] != label:
                raise ConvcutError(
                    f'{table}, line {number}: {row[0]} has label {label + 1}, but '
                    f'lies in folder {labels[row[0]] + 1}'
                )


def _named(base: Path, subset: str, split: str) -> list:
    classes = CLASSES[subset]
    folders = {path.name.lower(): path for path in (base / split).iterdir() if path.is_dir()}
    unknown, absent = sorted(set(folders) - set(classes)), sorted(set(classes) - set(folders))
    if unknown:
        raise ConvcutError(
            f'{folders[unknown[0]]}: unknown class folder, expected {", ".join(classes)}'
        )
    if absent:
        raise ConvcutError(
            f'{base / split / absent[0]}: no such folder; expected one for each of '
            f'{", ".join(classes)}'
        )
    return [
        (str(path), label) for label, name in enumerate(classes) for path in _images(folders[name])
    ]


def _images(folder: Path) -> list:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)


def _label(text: str, subset: str, place: str) -> int:
    count = len(CLASSES[subset])
    if not text.isdecimal() or not 1 <= int(text) <= count:
        raise ConvcutError(f'{place}: expected a label from 1 to {count} ({subset}), got "{text}"')
    return int(text) - 1
