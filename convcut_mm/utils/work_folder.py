"""The folder of a training: one training at a time in it, an earlier one's checkpoints aside."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterable
from pathlib import Path

from mmengine.logging import print_log

from ..errors import ConvcutError
from .text import printable

LOCK = '.training.lock'
# of file systems that have no locks
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
# the kernel lets go of a process's locks when any file object of them is closed, so one is kept
_held: dict = {}


def lock(folder: str | Path) -> None:
    """Takes the folder for this process, until :func:`release` or its end, however it ends.

    A second call by the same process does nothing; processes that it forks hold nothing.

    Args:
        folder (str | Path): Work folder; made if missing.

    Raises:
        ConvcutError: A training of another process is running in it.
    """
    key = os.path.realpath(folder)
    if _held.get(key) is not None and _held[key][0] == os.getpid():
        return
    os.makedirs(key, exist_ok=True)
    file = open(Path(key) / LOCK, 'a+b')  # noqa: SIM115, kept open
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = _holder(file)
        file.close()
        if error.errno in _NO_LOCKS:
            print_log(f'{folder}: no locks here, so keep other trainings out of it', 'current')
            return
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        raise ConvcutError(
            f'{folder}: another training{holder} is running in it; wait for its end, or choose '
            'another --work-dir'
        ) from None
    file.truncate(0)
    file.write(f'{os.getpid()} {socket.gethostname()}'.encode())
    file.flush()
    _held[key] = os.getpid(), file


def release(folder: str | Path) -> None:
    """Lets go of the folder."""
    held = _held.pop(os.path.realpath(folder), None)
    if held is not None:
        held[1].close()


def _holder(file) -> str:
    file.seek(0)
    process, _, host = printable(file.read(200).decode(errors='replace')).partition(' ')
    return f' (process {process} on {host})' if process.isdecimal() else ''


def last_checkpoint(folder: str | Path) -> Path | None:
    """The checkpoint that ``last_checkpoint`` names, wherever the folder was moved since.

    Args:
        folder (str | Path): Work folder.

    Returns:
        Path | None: None if there is no such note.

    Raises:
        ConvcutError: The note names a file that is neither in the folder nor where it says.
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
        'name one (--resume CHECKPOINT), or remove that file to start anew'
    )


def set_aside(files: Iterable[Path], name: str) -> Path | None:
    """Moves files of an earlier training into a folder of their own beside them.

    Args:
        files (Iterable[Path]): Files of one folder.
        name (str): Name of the new folder; a number is added where it is taken.

    Returns:
        Path | None: The new folder, None if there was nothing to move.
    """
    files = sorted(files)
    if not files:
        return None
    place, number = files[0].with_name(name), 1
    while place.exists():
        number += 1
        place = files[0].with_name(f'{name}-{number}')
    place.mkdir()
    for path in files:
        os.replace(path, place / path.name)
    return place
