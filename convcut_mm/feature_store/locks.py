"""Locks of an entry: byte ranges of one file, which the kernel frees when a process ends."""

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import ConvcutError

_SHARDS = 1 << 48  # places of shards: the first twelve hexadecimal digits of their names
_USE, _MANIFEST = _SHARDS, _SHARDS + 1


class Locks:
    """The locks of one entry; a file that a dead process left locks nothing.

    Such locks belong to a process, and closing any handle of the file frees all of them: a process
    has one ``Locks`` for a folder at a time.

    Args:
        folder (str | Path): Folder of the entry, which exists.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder) / 'lock'
        self._opened: BinaryIO | None = None

    def __getstate__(self) -> dict:
        """A copy in another process holds no lock."""
        return {**vars(self), '_opened': None}

    @contextmanager
    def shard(self, name: str) -> Iterator[bool]:
        """Holds a shard's lock, or yields False if another process holds it."""
        with self._held(int(name[:12], 16)) as mine:
            yield mine

    @contextmanager
    def manifest(self) -> Iterator[None]:
        """Holds the manifest's lock, for which it waits."""
        self._lock(fcntl.LOCK_EX, _MANIFEST)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _MANIFEST)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Keeps others from using the entry, or yields False if another process uses it."""
        with self._held(_USE) as mine:
            yield mine

    def use(self) -> None:
        """From now on :meth:`alone` fails in other processes, until this object is gone."""
        self._lock(fcntl.LOCK_SH, _USE)

    @contextmanager
    def _held(self, place: int) -> Iterator[bool]:
        if not self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB, place):
            yield False
            return
        try:
            yield True
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    def _lock(self, how: int, place: int) -> bool:
        try:
            fcntl.lockf(self._file, how, 1, place)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                return False
            raise ConvcutError(
                f'{self.path}: this file system has no locks ({error.strerror}); choose a folder '
                'on another one (--cache-features DIR)'
            ) from error
        return True

    @property
    def _file(self) -> BinaryIO:
        if self._opened is None:
            self._opened = open(self.path, 'a+b')  # noqa: SIM115, kept open
        return self._opened
