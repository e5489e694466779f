"""Drafts: unfinished files and folders beside their final place, and leftovers of dead processes.

A draft is called ``.NAME.TOKEN.convcut-tmp`` and locked by the process that writes it. The kernel
frees the lock when the process ends, however it ends, so an unlocked draft is a leftover, and the
next run removes it. (A process id in the name would not do: the system reuses them.)
"""

import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .locks import lock_handle

_MARK = '.convcut-tmp'
_NAME = re.compile(rf'\..*\.[0-9a-f]{{16}}{re.escape(_MARK)}(\.\w+)?', re.DOTALL)
_LONGEST = 120  # bytes of the final name in a draft's name, which may have 255 bytes
_cleaned: set[Path] = set()  # folders without leftovers: look once per process, not per file
_held: set[int] = set()  # file descriptors of the locks


class Draft:
    """An unfinished file or folder, locked so that no other process takes it for a leftover.

    Args:
        path (str | Path): Final path; its folder is created if missing.
        folder (bool): Create a folder instead of an empty file. Defaults to False.
        suffix (str): Suffix of the draft's name, for writers that depend on it. Defaults to ''.

    Attributes:
        place (Path): Path of the draft, for the caller to fill.
    """

    def __init__(self, path: str | Path, folder: bool = False, suffix: str = '') -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.parent.resolve()
        if beside not in _cleaned:
            _cleaned.add(beside)
            remove_leftovers(beside)
        # drop what is not UTF-8, such as half a character; the token makes the name unique
        name = os.fsencode(self.path.name)[:_LONGEST].decode('utf-8', 'ignore')
        lock = None
        while lock is None:
            self.place = self.path.with_name(f'.{name}.{secrets.token_hex(8)}{_MARK}{suffix}')
            lock = _create(self.place, folder)
        self._lock: int | None = lock
        _held.add(lock)

    def finish(self) -> None:
        """Sync a file and move the draft to its final path, replacing an old file.

        Raises:
            OSError: The disk is full, the path is a folder that is not empty, ...; the draft is
                removed.
        """
        try:
            if self.place.is_dir():
                os.replace(self.place, self.path)
            else:
                put(self.place, self.path)
        finally:
            self.drop()

    def drop(self) -> None:
        """Remove the draft; do nothing after :meth:`finish` or a second time."""
        _remove(self.place)
        if self._lock is not None and self._lock in _held:  # not in a fork, see _forget_locks
            _held.discard(self._lock)
            os.close(self._lock)
        self._lock = None


def put(file: str | Path, place: str | Path) -> None:
    """Sync a file and rename it to ``place``, replacing an old file."""
    with open(file, 'rb') as content:
        os.fsync(content.fileno())
    os.replace(file, place)


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Add the file's name to an error of the disk, which lacks it when the disk is full."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(path)
        raise


@contextmanager
def draft_folder(path: str | Path) -> Iterator[Path]:
    """Fill a folder that appears at ``path`` when the block ends; an error leaves nothing.

    Args:
        path (str | Path): Final path of the folder.

    Yields:
        Path: The folder to fill.

    Raises:
        OSError: A file or a folder that is not empty exists at ``path``; it stays.
    """
    with naming(path):
        draft = Draft(path, folder=True)
        try:
            yield draft.place
            draft.finish()
        finally:
            draft.drop()


@contextmanager
def scratch_folder(beside: str | Path) -> Iterator[Path]:
    """Create a folder beside ``beside`` for unfinished files, and remove it when the block ends.

    Unlike a folder of ``tempfile``, the next run removes it if the process was killed, and its
    files can be renamed to a final path beside it.
    """
    draft = Draft(beside, folder=True)
    try:
        yield draft.place
    finally:
        draft.drop()


def remove_leftovers(folder: str | Path) -> None:
    """Remove the drafts of dead processes in ``folder``.

    Drafts of living processes and all other files stay. A file system without locks keeps its
    leftovers.
    """
    with suppress(OSError):  # cleaning up must not fail the caller
        for place in list(Path(folder).iterdir()):
            if _NAME.fullmatch(place.name):
                _remove_if_dead(place)


def _remove_if_dead(place: Path) -> None:
    try:
        kind = place.lstat().st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            return  # not a draft
        lock = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return  # of another user, or gone in the meantime
    try:
        if lock_handle(lock):
            _remove(place)
    except OSError:
        pass  # without locks nobody knows whether its process is dead
    finally:
        os.close(lock)


def _create(place: Path, folder: bool) -> int | None:
    """Create a draft and lock it; return None if another process removed it before the lock."""
    if folder:
        place.mkdir()
        flags = os.O_RDONLY | os.O_DIRECTORY
    else:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    try:
        lock = os.open(place, flags, 0o666)
    except FileNotFoundError:
        if folder:
            return None
        raise
    try:
        mine = lock_handle(lock) and os.path.samestat(os.fstat(lock), os.stat(place))
    except FileNotFoundError:
        mine = False
    except OSError:
        mine = True  # without locks nobody removes it
    if mine:
        return lock
    os.close(lock)
    return None


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)  # the next run removes the rest
    else:
        place.unlink(missing_ok=True)


def _forget_locks() -> None:
    """Close the parent's locks in a fork, so that they end with the parent."""
    for lock in _held:
        os.close(lock)
    _held.clear()
    _cleaned.clear()


os.register_at_fork(after_in_child=_forget_locks)
