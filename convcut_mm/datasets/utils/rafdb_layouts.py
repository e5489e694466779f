"""Detection of the layouts in which people keep RAF-DB; ``rafdb_readers.py`` reads them.

Folder names may differ in case; Kaggle's ``valid`` counts as the test part if there is no
``test``.
"""

from pathlib import Path
from typing import NamedTuple

from ...errors import ConvcutError
from .class_names import official_name
from .image_folder import entries
from .rafdb_readers import CLASSES, LIST, Items, Reader, read_kaggle, read_named, read_official

# folder names of each split; the first one found counts
SPLITS = {'train': ('train', 'training'), 'test': ('test', 'valid', 'val', 'validation')}
INSIDE = ('image', 'emolabel', 'aligned', *SPLITS['train'], *SPLITS['test'])
_NAMED = 6  # folders that a message names


class Layout(NamedTuple):
    """A layout that was found."""

    reader: Reader
    base: Path  # folder of the subset
    folder: Path  # folder of the split's images or class folders


def read(root: Path, subset: str, split: str) -> tuple[Path, Items]:
    """Find the layout at ``root``, or in a folder below or above it, and read one split.

    Args:
        root: Folder of the data set or of the subset, a folder that holds it, or one inside such
            as ``Image`` or ``train``.
        subset: 'basic' or 'compound'.
        split: 'train' or 'test'.

    Returns:
        The folder where the layout was found; image paths with labels from 0.

    Raises:
        ConvcutError: There is no known layout, there are two, or a file is malformed.
    """
    layout = find(root, subset, split)
    if layout is None:
        there = [path.name + '/' * path.is_dir() for path in entries(root)]
        more = f' and {len(there) - _NAMED} more' if len(there) > _NAMED else ''
        raise ConvcutError(
            f'{root}: no known layout of RAF-DB ({subset}, {split}); found there: '
            f'{", ".join(there[:_NAMED]) or "nothing"}{more}; expected {subset}/{LIST} '
            f'(official), DATASET/{split}/1 ... {len(CLASSES[subset])} (Kaggle) or '
            f'{split}/{CLASSES[subset][0]} ... (folders named by class)'
        )
    return layout.base, layout.reader(layout.base, layout.folder, subset, SPLITS[split])


def find(root: Path, subset: str, split: str) -> Layout | None:
    """Find the layout of one split at ``root``, or in a folder below or above it.

    Args:
        root: See :func:`read`.
        subset: 'basic' or 'compound'.
        split: 'train' or 'test'.

    Returns:
        None if there is no known layout.

    Raises:
        ConvcutError: There are two.
    """
    return (
        _find(root, subset, split)
        or _find_below(root, subset, split)
        or _find_above(root, subset, split)
    )


def _find_below(root: Path, subset: str, split: str) -> Layout | None:
    """Look into the folders that claim to be RAF-DB; other data sets have such classes too."""
    found = []
    for path in entries(root):
        if path.is_dir() and ('raf' in path.name.lower() or _child(path, 'basic', LIST)):
            layout = _find(path, subset, split)
            if layout is not None:
                found.append(layout)
    if len(found) > 1:
        raise ConvcutError(
            f'{root}: holds RAF-DB twice, {found[0].base} and {found[1].base}; name one of them'
        )
    return found[0] if found else None


def _find_above(root: Path, subset: str, split: str) -> Layout | None:
    """Look above a folder that is named like one inside of RAF-DB."""
    folder = root.absolute()
    while folder.name.lower() in INSIDE:
        folder = folder.parent
        layout = _find(folder, subset, split)
        if layout is not None:
            return layout
    return None


def _find(root: Path, subset: str, split: str) -> Layout | None:
    # the other subset's folder also has valid labels, of other classes
    name = root.absolute().name.lower()
    here = [] if name in CLASSES and name != subset else [root]
    own = _child(root, subset)
    bases = [*([own] if own else []), *here]
    for base in bases:
        if (base / LIST).is_file():
            return Layout(read_official, base, base / 'Image' / 'aligned')
    kaggle = _child(root, 'dataset')
    for base in [*([kaggle] if kaggle else []), *bases]:
        layout = _find_class_folders(base, subset, split)
        if layout is not None:
            return layout
    return None


def _find_class_folders(base: Path, subset: str, split: str) -> Layout | None:
    folder = next(filter(None, (_child(base, name) for name in SPLITS[split])), None)
    if folder is None:
        return None
    names = {official_name(path.name) for path in entries(folder) if path.is_dir()}
    if names & {str(i) for i in range(1, len(CLASSES[subset]) + 1)}:
        return Layout(read_kaggle, base, folder)
    return Layout(read_named, base, folder) if names & set(CLASSES[subset]) else None


def _child(folder: Path, name: str, below: Path | str = '') -> Path | None:
    """Return the folder of that name, in any case, if it exists and holds ``below``."""
    if not folder.is_dir():
        return None
    found = [path for path in entries(folder) if path.name.lower() == name and path.is_dir()]
    found = [path for path in found if (path / below).exists()]
    return found[0] if found else None
