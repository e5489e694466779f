"""Locks of an entry: byte ranges of one file, which the kernel frees when a process ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import ConvcutError
from ..utils.locks import lock_range, unlock_range

_SHARDS = 1 << 48  # places of shards: the first twelve hexadecimal digits of their names
_USE, _MANIFEST = _SHARDS, _SHARDS + 1


class Locks:
    """The locks of one entry; the file itself locks nothing, so a dead process can leave it.

    Such locks belong to a process, and closing any handle of the file frees all of them: use one
    ``Locks`` per folder and process at a time.

    Args:
        folder: Folder of the entry, which exists.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder) / 'lock'
        self._opened: BinaryIO | None = None

    def __getstate__(self) -> dict:
        """Leave the open file out: a copy in another process holds no lock."""
        return {**vars(self), '_opened': None}

    @contextmanager
    def shard(self, name: str) -> Iterator[bool]:
        """Hold a shard's lock, or yield False if another process holds it."""
        with self._held(int(name[:12], 16)) as mine:
            yield mine

    @contextmanager
    def manifest(self) -> Iterator[None]:
        """Wait for the manifest's lock and hold it."""
        self._lock(_MANIFEST, wait=True)
        try:
            yield
        finally:
            unlock_range(self._file, _MANIFEST, 1)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Keep others from using the entry, or yield False if another process uses it."""
        with self._held(_USE) as mine:
            yield mine

    def use(self) -> None:
        """Make :meth:`alone` fail in other processes while this object lives."""
        self._lock(_USE, shared=True, wait=True)

    @contextmanager
    def _held(self, place: int) -> Iterator[bool]:
        if not self._lock(place):
            yield False
            return
        try:
            yield True
        finally:
            unlock_range(self._file, place, 1)

    def _lock(self, place: int, shared: bool = False, wait: bool = False) -> bool:
        try:
            return lock_range(self._file, place, 1, shared, wait)
        except OSError as error:
            raise ConvcutError(
                f'{self.path}: this file system has no locks ({error.strerror}); choose a folder '
                'on another one (--cache-features DIR)'
            ) from error

    @property
    def _file(self) -> BinaryIO:
        if self._opened is None:
            self._opened = open(self.path, 'a+b')  # noqa: SIM115, kept open
        return self._opened
