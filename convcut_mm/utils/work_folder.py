"""The work folder of a training: lock it, find its last checkpoint, set earlier files aside."""

import errno
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mmengine.logging import print_log

from ..errors import ConvcutError
from .locks import lock_range
from .text import printable

LOCK = '.training.lock'
END_OF_TRAINING = 'end_of_training.pth'  # weights only, if not those of the last checkpoint
# errors of file systems without locks
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


class _Held(NamedTuple):
    """A lock file, kept open: closing it frees the lock."""

    process: int
    file: BinaryIO


_held: dict[str, _Held] = {}  # by folder


def lock(folder: str | Path) -> None:
    """Lock the folder for this process until :func:`release` or the end of the process.

    A second call in the same process does nothing. A fork does not inherit the lock.

    Args:
        folder (str | Path): Work folder; created if missing.

    Raises:
        ConvcutError: Another process is training in it.
    """
    key = os.path.realpath(folder)
    held = _held.get(key)
    if held is not None and held.process == os.getpid():
        return
    os.makedirs(key, exist_ok=True)
    file = open(Path(key) / LOCK, 'a+b')  # noqa: SIM115, kept open
    try:
        locked = lock_range(file)
    except OSError as error:
        file.close()
        if error.errno not in _NO_LOCKS:
            raise
        print_log(
            f'{folder}: this file system has no locks; run no other training in this folder',
            'current',
        )
        return
    if not locked:
        holder = _holder(file)
        file.close()
        raise ConvcutError(
            f'{folder}: another training{holder} is running in it; wait for its end, or choose '
            'another --work-dir'
        )
    file.truncate(0)
    file.write(f'{os.getpid()} {socket.gethostname()}'.encode())
    file.flush()
    _held[key] = _Held(os.getpid(), file)


def release(folder: str | Path) -> None:
    """Unlock the folder."""
    held = _held.pop(os.path.realpath(folder), None)
    if held is not None:
        held.file.close()


def _holder(file: BinaryIO) -> str:
    file.seek(0)
    process, _, host = printable(file.read(200).decode(errors='replace')).partition(' ')
    return f' (process {process} on {host})' if process.isdecimal() else ''


def last_checkpoint(folder: str | Path) -> Path | None:
    """Return the checkpoint that the file ``last_checkpoint`` names, also in a moved folder.

    Args:
        folder (str | Path): Work folder.

    Returns:
        Path | None: None if there is no file ``last_checkpoint``.

    Raises:
        ConvcutError: The checkpoint is neither in the folder nor at the path in the file.
    """
    note = Path(folder) / 'last_checkpoint'
    if not note.is_file():
        return None
    noted = Path(os.fsdecode(note.read_bytes().strip()))
    for path in (note.with_name(noted.name), noted):
        if path.is_file():
            return path
    raise ConvcutError(
        f'{note}: the checkpoint that it names, "{printable(noted)}", is not there; '
        'name one (--resume CHECKPOINT), or remove that file to start from scratch'
    )


def end_of_training(folder: str | Path) -> Path:
    """Return the checkpoint with which a training ended, for another one to start from.

    Args:
        folder (str | Path): Work folder.

    Raises:
        ConvcutError: There is none.
    """
    end = Path(folder) / END_OF_TRAINING
    found = end if end.is_file() else last_checkpoint(folder)
    if found is None:
        raise ConvcutError(f'{folder}: the training there has left no checkpoint to start from')
    return found


def has_gone_on(first: str | Path, second: str | Path) -> bool:
    """Tell whether a second training has saved something since the first did.

    Args:
        first (str | Path): Work folder of the first training.
        second (str | Path): Work folder of the second, which starts from the end of the first.
    """
    notes = [Path(folder) / 'last_checkpoint' for folder in (first, second)]
    if not all(note.is_file() for note in notes):
        return False
    before, after = (note.stat().st_mtime_ns for note in notes)
    return after >= before


def set_aside(files: Iterable[Path], name: str) -> Path | None:
    """Move files of an earlier training into a new folder beside them.

    Args:
        files (Iterable[Path]): Files of one folder.
        name (str): Name of the new folder; ``-2``, ``-3``, ... is added if it exists.

    Returns:
        Path | None: The new folder, None if there was nothing to move.
    """
    files = sorted(files)
    if not files:
        return None
    target = files[0].with_name(name)
    number = 1
    while target.exists():
        number += 1
        target = files[0].with_name(f'{name}-{number}')
    target.mkdir()
    for path in files:
        os.replace(path, target / path.name)
    return target
