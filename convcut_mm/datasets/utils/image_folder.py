"""Images of a folder: plain files or links to such, listed, checked against a list, decoded.

Links are followed wherever they lead: the folder is the user's own, and neither a list nor an
archive unpacked here can create one.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ...errors import ConvcutError
from ...utils.image_files import TRAINING_SUFFIXES, damage
from ...utils.progress import progress

_NAMED = 3  # files that a message names


def entries(folder: Path, hidden: bool = False) -> list[Path]:
    """List a folder by name.

    Args:
        folder: The folder.
        hidden: Include .DS_Store, ._face.jpg, __MACOSX, .ipynb_checkpoints and the like. Defaults
            to False.

    Raises:
        ConvcutError: The folder can't be read.
    """
    try:
        return sorted(
            path for path in folder.iterdir() if hidden or not path.name.startswith(('.', '__'))
        )
    except OSError as error:
        raise ConvcutError(f'{folder}: {error.strerror}; expected a folder of images') from None


def image_files(folder: Path) -> list[Path]:
    """List the images of a folder, by suffix and in order.

    Raises:
        ConvcutError: The folder can't be read, or a folder, pipe or dead link is named like an
            image.
    """
    images = [path for path in entries(folder) if path.suffix.lower() in TRAINING_SUFFIXES]
    for path in images:
        if not path.is_file():
            raise ConvcutError(f'{path}: {_kind(path)}, expected an image file; remove it')
    return images


def check_listed(folder: Path, names: Sequence[str], listed_in: str | Path) -> None:
    """Refuse a list with names that are not files in the folder.

    Args:
        folder: Folder of the images.
        names: Names in the list.
        listed_in: The list, for the message.

    Raises:
        ConvcutError: Names the first one.
    """
    try:
        with os.scandir(folder) as found:
            # Path follows a link, and answers no where entry.is_file() raises
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


def check_images(paths: Sequence[Path], shown: bool = True) -> None:
    """Decode every image once, so that no training meets a broken one hours later.

    Args:
        paths: The images.
        shown: Show a progress bar. Defaults to True.

    Raises:
        ConvcutError: An image can't be decoded; the message names the broken ones, three at most.
    """
    broken = []
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,  # decoders release Python's lock
        progress('Checking images', len(paths), shown=shown) as step,
    ):
        for path, problem in zip(paths, pool.map(damage, paths)):
            step()
            if problem is not None:
                broken.append((path, problem))
    if broken:
        names = ', '.join(f'{path} ({problem})' for path, problem in broken[:_NAMED])
        more = f' and {len(broken) - _NAMED} more' if len(broken) > _NAMED else ''
        raise ConvcutError(
            f'{len(broken)} of {len(paths)} images cannot be read: {names}{more}; remove or '
            'replace them'
        )


def named(paths: Sequence[Path]) -> str:
    """Name the first few of many files: 'a.txt, b.txt, c.txt and 4 more'."""
    more = f' and {len(paths) - _NAMED} more' if len(paths) > _NAMED else ''
    return ', '.join(path.name for path in paths[:_NAMED]) + more


def missing_image(path: str | Path, listed_in: str | Path) -> ConvcutError:
    """Return the error for an image that is listed but not in the folder."""
    path = Path(path)
    what = f'is {_kind(path)}' if os.path.lexists(path) else 'there is no such file'
    return ConvcutError(f'{path}: listed in {listed_in}, but {what}')


def _kind(path: Path) -> str:
    if path.is_dir():
        return 'a folder'
    if path.is_symlink() and not path.exists():
        return 'a link to nothing'
    return 'no plain file'
