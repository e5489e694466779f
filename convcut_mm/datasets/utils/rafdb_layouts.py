"""The layouts in which people keep RAF-DB, found by looking at the folders.

Each reader returns ``[(image path, label from 0)]`` in RAF-DB's official label order. Names of
folders are taken in any case, Kaggle's ``valid`` for the test part where there is no ``test``.
"""

from collections.abc import Callable
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
# the first that is there
SPLITS = {'train': ('train', 'training'), 'test': ('test', 'valid', 'val', 'validation')}
INSIDE = ('image', 'emolabel', 'aligned', *SPLITS['train'], *SPLITS['test'])
_NAMED = 6  # folders that a message names


def read(root: Path, subset: str, split: str) -> tuple[Path, list]:
    """Finds the layout at ``root``, in a folder below or above it, and reads one split.

    Args:
        root (Path): The data set's folder, the folder of the subset itself, one that holds the
            data set's folder, or one inside of it such as ``Image`` or ``train``.
        subset (str): 'basic' or 'compound'.
        split (str): 'train' or 'test'.

    Returns:
        tuple[Path, list[tuple[str, int]]]: Where it lies; image paths and labels.

    Raises:
        ConvcutError: None of the layouts is there, two are, or a file is not what it should be.
    """
    layout = _find(root, subset, split)
    below = [] if layout else [_find(path, subset, split) for path in _data_sets_in(root)]
    below = list(filter(None, below))
    if len(below) > 1:
        raise ConvcutError(
            f'{root}: holds RAF-DB twice, {below[0][1]} and {below[1][1]}; name one of them'
        )
    above = root.absolute()
    while not layout and not below and above.name.lower() in INSIDE:
        above = above.parent
        layout = _find(above, subset, split)
    if not layout and not below:
        there = [path.name + '/' * path.is_dir() for path in entries(root)]
        more = f' and {len(there) - _NAMED} more' if len(there) > _NAMED else ''
        raise ConvcutError(
            f'{root}: no known layout of RAF-DB ({subset}, {split}); found there: '
            f'{", ".join(there[:_NAMED]) or "nothing"}{more}; expected {subset}/{LIST} '
            f'(official), DATASET/{split}/1 ... {len(CLASSES[subset])} (Kaggle) or '
            f'{split}/{CLASSES[subset][0]} ... (folders named by class)'
        )
    reader, base = layout or below[0]
    return base, reader(base, subset, split)


def _data_sets_in(root: Path) -> list[Path]:
    """Folders of ``root`` that say that they are RAF-DB: other data sets have such classes too."""
    folders = [path for path in entries(root) if path.is_dir()]
    return [path for path in folders if 'raf' in path.name.lower() or _child(path, 'basic', LIST)]


def _find(root: Path, subset: str, split: str) -> tuple[Callable, Path] | None:
    # the other subset's own folder has valid labels too, of other classes
    name = root.absolute().name.lower()
    here = [] if name in CLASSES and name != subset else [root]
    own = _child(root, subset)
    bases = [*([own] if own else []), *here]
    for base in bases:
        if (base / LIST).is_file():
            return _official, base
    kaggle = _child(root, 'dataset')
    for base in [*([kaggle] if kaggle else []), *bases]:
        layout = _folder_layout(base, subset, split)
        if layout is not None:
            return layout, base
    return None


def _child(folder: Path, name: str, below: Path | str = '') -> Path | None:
    """The folder of that name in any case, if it is there and holds ``below``."""
    if not folder.is_dir():
        return None
    found = [path for path in entries(folder) if path.name.lower() == name and path.is_dir()]
    found = [path for path in found if (path / below).exists()]
    return found[0] if found else None


def _split_folder(base: Path, split: str) -> Path | None:
    return next(filter(None, (_child(base, name) for name in SPLITS[split])), None)


def _folder_layout(base: Path, subset: str, split: str) -> Callable | None:
    folder = _split_folder(base, split)
    if folder is None:
        return None
    names = {official_name(path.name) for path in entries(folder) if path.is_dir()}
    if names & {str(i) for i in range(1, len(CLASSES[subset]) + 1)}:
        return _kaggle
    return _named if names & set(CLASSES[subset]) else None


def _official(base: Path, subset: str, split: str) -> list:
    listed = base / LIST
    images = base / 'Image' / 'aligned'
    if not images.is_dir():
        raise ConvcutError(f'{images}: no such folder; expected the aligned images of RAF-DB')
    labels = _listed(listed, subset)
    present = {path.name for path in entries(images)}
    names = {}
    for name, label in labels.items():
        if name.startswith(split):
            path = Path(name)
            aligned = f'{path.stem}_aligned{path.suffix}'
            # some copies have lost the ending
            names[name if aligned not in present and name in present else aligned] = label
    check_listed(images, list(names), listed)
    return [(str(images / name), label) for name, label in names.items()]


def _listed(listed: Path, subset: str) -> dict[str, int]:
    """Labels of the list's names."""
    labels: dict = {}
    for number, line in enumerate(text_lines(listed), 1):
        place, fields = f'{listed}, line {number}', line.split()
        if not fields:
            continue
        if len(fields) != 2:
            raise ConvcutError(f'{place}: expected "NAME.jpg LABEL", got "{shown(line.rstrip())}"')
        name, label = fields[0], _label(fields[1], subset, place)
        if not name.startswith(('train', 'test')) or not plain_name(name):
            raise ConvcutError(
                f'{place}: expected a name that starts with train or test, got "{shown(name)}"'
            )
        if name in labels:
            raise ConvcutError(f'{place}: expected each image once, got {shown(name)} again')
        labels[name] = label
    return labels


def _kaggle(base: Path, subset: str, split: str) -> list:
    parts = _split_folder(base, split)
    folders: dict = {}
    for path in entries(parts):
        if path.is_dir():
            label = _label(path.name, subset, str(path))
            if label in folders:
                raise ConvcutError(f'{path}: the same class as {folders[label]}')
            folders[label] = path
    for label in range(len(CLASSES[subset])):
        if label not in folders:
            raise ConvcutError(
                f'{parts / str(label + 1)}: no such folder; expected 1 to '
                f'{len(CLASSES[subset])}, one for each class'
            )
    items = [
        (str(path), label) for label in sorted(folders) for path in image_files(folders[label])
    ]
    table = _kaggle_table(base, split)
    if table is not None:
        _check_table(table, items, parts, subset)
    return items


def _kaggle_table(base: Path, split: str) -> Path | None:
    names = [f'{name}_labels.csv' for name in SPLITS[split]]
    places = [folder / name for folder in (base, base.absolute().parent) for name in names]
    return next((path for path in places if path.is_file()), None)


def _check_table(table: Path, items: list, folder: Path, subset: str) -> None:
    """The folders give the labels; the table beside them must not say otherwise."""
    labels = {Path(path).name: label for path, label in items}
    rows = csv_rows(table)
    next(rows, None)
    for number, row in rows:
        place = f'{table}, line {number}'
        if len(row) < 2:
            raise ConvcutError(f'{place}: expected "image,label", got "{shown(",".join(row))}"')
        name, label = row[0], _label(row[1], subset, place)
        if name not in labels:
            if not plain_name(name):
                raise ConvcutError(f'{place}: expected the name of an image, got "{shown(name)}"')
            raise missing_image(folder / str(label + 1) / name, table)
        if labels[name] != label:
            raise ConvcutError(
                f'{place}: {name} has label {label + 1}, but lies in folder {labels[name] + 1}'
            )


def _named(base: Path, subset: str, split: str) -> list:
    classes, parts = CLASSES[subset], _split_folder(base, split)
    folders: dict = {}
    for path in entries(parts):
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
                f'{parts / name}: no such folder; expected one for each of {", ".join(classes)}'
            )
    return [
        (str(path), label)
        for label, name in enumerate(classes)
        for path in image_files(folders[name])
    ]


def _label(text: str, subset: str, place: str) -> int:
    count = len(CLASSES[subset])
    label = whole_number(text)
    if label is None or not 1 <= label <= count:
        raise ConvcutError(
            f'{place}: expected a label from 1 to {count} ({subset}), got "{shown(text)}"'
        )
    return label - 1
