"""Drafts: what is under way beside its place, and what dead processes left of it.

A draft is called ``.NAME.TOKEN.convcut-tmp`` and locked by the process that makes it. The kernel
lets go of the lock when the process ends, however it ends: so a draft that nobody locks is a
leftover, and a later run beside it removes it. (A process number in the name is given out anew.)
"""

import fcntl
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MARK = '.convcut-tmp'
_NAME = re.compile(rf'\..*\.[0-9a-f]{{16}}{re.escape(_MARK)}(\.\w+)?', re.DOTALL)
_LONGEST = 120  # bytes of the name that a draft's repeats, of the 255 that a name may have
_LOOKED_AT: set = set()  # folders whose leftovers are gone: once a process, not once a file
_HELD: set = set()  # file descriptors of the locks


class Draft:
    """A file or folder under way, that nobody else takes for a leftover.

    Args:
        path (str | Path): Its place; the folder of it is made if missing.
        folder (bool): Make a folder, not an empty file. Defaults to False.
        suffix (str): End of the draft's name, for writers that go by it. Defaults to ''.

    Attributes:
        place (Path): The draft, which the caller fills.
    """

    def __init__(self, path: str | Path, folder: bool = False, suffix: str = '') -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.parent.resolve()
        if beside not in _LOOKED_AT:
            _LOOKED_AT.add(beside)
            remove_leftovers(beside)
        self._lock: int | None = None
        while self._lock is None:
            # of a name that is cut, or not UTF-8, what remains; the token tells drafts apart
            name = os.fsencode(self.path.name)[:_LONGEST].decode('utf-8', 'ignore')
            self.place = self.path.with_name(f'.{name}.{secrets.token_hex(8)}{_MARK}{suffix}')
            self._lock = _make(self.place, folder)
        _HELD.add(self._lock)

    def finish(self) -> None:
        """Syncs a file and moves the draft to its place, where an old file is replaced.

        Raises:
            OSError: The disk is full, the place is a folder that is not empty, ...; the draft is
                gone.
        """
        try:
            if self.place.is_dir():
                os.replace(self.place, self.path)
            else:
                put(self.place, self.path)
        finally:
            self.drop()

    def drop(self) -> None:
        """Removes the draft; nothing happens after :meth:`finish`, or a second time."""
        _remove(self.place)
        if self._lock in _HELD:  # not in a fork, see _let_go
            _HELD.discard(self._lock)
            os.close(self._lock)
        self._lock = None


def put(file: str | Path, place: str | Path) -> None:
    """Syncs a file and renames it to ``place``, where an old file is replaced."""
    with open(file, 'rb') as content:
        os.fsync(content.fileno())
    os.replace(file, place)


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Gives an error of the disk the file's name: a full one says none of its own accord."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(path)
        raise


@contextmanager
def draft_folder(path: str | Path) -> Iterator[Path]:
    """A folder that is at ``path`` once the block has ended; after an error nothing is left.

    Args:
        path (str | Path): Its place.

    Yields:
        Path: The folder to fill.

    Raises:
        OSError: Something lies at ``path`` by then, other than an empty folder: it stays.
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
    """A folder beside ``beside`` for files under way; it is gone when the block has ended.

    Unlike ``tempfile``'s it does not outlive a killed process for long, and what is in it can be
    renamed into its place.
    """
    draft = Draft(beside, folder=True)
    try:
        yield draft.place
    finally:
        draft.drop()


def remove_leftovers(folder: str | Path) -> None:
    """Removes the drafts in ``folder`` whose process is dead.

    Drafts of living processes stay, and everything that is not called as a draft is. A file system
    without locks keeps its leftovers.
    """
    with suppress(OSError):  # a folder that can't be listed: not what the caller came for
        for place in list(Path(folder).iterdir()):
            if _NAME.fullmatch(place.name):
                _remove_if_dead(place)


def _remove_if_dead(place: Path) -> None:
    try:
        kind = place.lstat().st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            return  # no draft of ours
        lock = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return  # another user's, or gone meanwhile
    try:
        if _locked(lock):
            _remove(place)
    except OSError:
        pass  # not known to be dead
    finally:
        os.close(lock)


def _make(place: Path, folder: bool) -> int | None:
    """Makes a draft and locks it; None if it was taken for a leftover in between."""
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
        mine = _locked(lock) and os.path.samestat(os.fstat(lock), os.stat(place))
    except FileNotFoundError:
        mine = False
    except OSError:
        mine = True  # a file system without locks: nobody gets one, so nobody removes it
    if mine:
        return lock
    os.close(lock)
    return None


def _locked(descriptor: int) -> bool:
    """Locks an open file or folder until it is closed; False if another process has the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)  # what is left of it is a leftover
    else:
        place.unlink(missing_ok=True)


def _let_go() -> None:
    """In a fork: the locks are the parent's, and end with it."""
    for lock in _HELD:
        os.close(lock)
    _HELD.clear()
    _LOOKED_AT.clear()


os.register_at_fork(after_in_child=_let_go)
