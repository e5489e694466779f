"""Which files of a folder are images to read: plain ones, or links to such.

Links are followed, wherever they lead: the folder is the user's own, and neither a list nor an
archive that is unpacked here can make one.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from ...errors import ConvcutError
from ...utils.image_files import TRAINING_SUFFIXES


def entries(folder: Path, hidden: bool = False) -> list[Path]:
    """What lies in a folder, by name; what file managers and archives hide there if wanted.

    Raises:
        ConvcutError: The folder can't be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if hidden or not _is_hidden(path))
    except OSError as error:
        raise ConvcutError(f'{folder}: {error.strerror}; expected a folder of images') from None


def image_files(folder: Path) -> list[Path]:
    """The images of a folder, by their suffix and in order.

    Raises:
        ConvcutError: The folder can't be read; a folder, pipe or dead link called as an image.
    """
    images = [path for path in entries(folder) if path.suffix.lower() in TRAINING_SUFFIXES]
    for path in images:
        if not path.is_file():
            raise ConvcutError(f'{path}: {_kind(path)}, expected an image file; remove it')
    return images


def _is_hidden(path: Path) -> bool:
    """.DS_Store, ._face.jpg, __MACOSX, .ipynb_checkpoints and their like."""
    return path.name.startswith(('.', '__'))


def check_listed(folder: Path, names: Sequence[str], listed_in: str | Path) -> None:
    """Refuses a list that names what is no file in the folder.

    Raises:
        ConvcutError: Names the first one.
    """
    try:
        with os.scandir(folder) as found:
            # of a link, Path looks where it leads, and says no where entry raises an error
            present = {
                entry.name
                for entry in found
                if (Path(entry).is_file() if entry.is_symlink() else entry.is_file())
            }
    except OSError as error:
        raise ConvcutError(f'{folder}: {error.strerror}; expected a folder of images') from None
    for name in names:
        if name not in present:
            raise missing_image(folder / name, listed_in)


def missing_image(path: str | Path, listed_in: str | Path) -> ConvcutError:
    """The error for an image that a list names and the folder lacks."""
    path = Path(path)
    what = f'is {_kind(path)}' if os.path.lexists(path) else 'there is no such file'
    return ConvcutError(f'{path}: listed in {listed_in}, but {what}')


def _kind(path: Path) -> str:
    if path.is_dir():
        return 'a folder'
    if path.is_symlink() and not path.exists():
        return 'a link to nothing'
    return 'no plain file'
