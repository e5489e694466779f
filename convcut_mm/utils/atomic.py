"""Files that are whole or absent: written under a temporary name, synced, renamed."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO, Union

from mmengine.fileio import LocalBackend, register_backend

ATOMIC_BACKEND = 'convcut_atomic'
_MARK = '.convcut-tmp'


def write_atomically(path: Union[str, Path], content: bytes) -> None:
    """Writes ``content`` to ``path``; after a kill at any moment the old or the new file is there.

    Args:
        path (str | Path): File to write; its folder is made if missing.
        content (bytes): What to write.
    """
    with atomic_file(path) as file:
        file.write(content)


@contextmanager
def atomic_file(path: Union[str, Path]) -> Iterator[BinaryIO]:
    """The same for content that comes in pieces: the file is there once the block has ended.

    Args:
        path (str | Path): File to write; its folder is made if missing.

    Yields:
        BinaryIO: The file to write to; after an error nothing of it is left.
    """
    temporary = _temporary(path, threading.get_ident())  # each thread has a file of its own
    try:
        with open(temporary, 'wb') as file:
            yield file
        _finish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(path: Union[str, Path], number: int = 0) -> Path:
    """Name of the unfinished file; its folder exists then."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f'.{path.name}.{os.getpid()}.{number}{_MARK}')


def _finish(temporary: Path, path: Union[str, Path]) -> None:
    with open(temporary, 'rb') as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)


class FilesFinishedLater:
    """Files that are written at once, and synced and renamed by a thread, one after another.

    A disk takes longer to sync a checkpoint than the program to write it. The thread outlives an
    exception or Ctrl-C in the program: what was written is finished before the process ends.
    """

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Forgets what was begun: a fork has neither its parent's thread nor its files."""
        self._thread = ThreadPoolExecutor(1)
        self._begun: list = []
        self._numbers = count()

    def write(self, path: Union[str, Path], content: bytes) -> None:
        """Writes ``content``, which is at ``path`` some time later.

        Args:
            path (str | Path): File to write; its folder is made if missing.
            content (bytes): What to write.

        Raises:
            OSError: The disk is full, ...; nothing of the file is left.
        """
        temporary = _temporary(path, next(self._numbers))
        try:
            temporary.write_bytes(content)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        self.then(_finish, temporary, path)

    def then(self, step: Callable, *args) -> None:
        """Calls ``step(*args)`` in the thread once all files so far are in their places."""
        self._begun.append(self._thread.submit(step, *args))

    def wait(self) -> None:
        """Returns when everything begun is done.

        Raises:
            OSError: What went wrong in the thread.
        """
        begun, self._begun = self._begun, []
        for step in begun:
            step.result()


def remove_leftovers(folder: Union[str, Path]) -> None:
    """Removes temporary files that killed processes left in ``folder``."""
    for path in Path(folder).glob(f'.*{_MARK}'):
        path.unlink(missing_ok=True)


# one for the process, as a disk is; mmengine passes only plain data on to a backend
LATER = FilesFinishedLater()
if hasattr(os, 'register_at_fork'):  # Windows has no forks
    os.register_at_fork(after_in_child=LATER.start_anew)


class AtomicBackend(LocalBackend):
    """mmengine's local files, written atomically; ``backend_args=dict(backend=...)`` picks it.

    Args:
        later (bool): Leave syncing and renaming to :data:`LATER`. Defaults to False.
    """

    def __init__(self, later: bool = False) -> None:
        super().__init__()
        self._write = LATER.write if later else write_atomically

    def put(self, obj: Union[bytes, memoryview], filepath: Union[str, Path]) -> None:
        """See :func:`write_atomically`."""
        self._write(filepath, obj)


register_backend(ATOMIC_BACKEND, AtomicBackend, force=True)
