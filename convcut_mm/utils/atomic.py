"""Files that are whole or absent: written under a temporary name, synced, renamed."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mmengine.fileio import LocalBackend, register_backend

from .drafts import Draft, naming

ATOMIC_BACKEND = 'convcut_atomic'


def write_atomically(path: str | Path, content: bytes) -> None:
    """Writes ``content`` to ``path``; after a kill at any moment the old or the new file is there.

    Args:
        path (str | Path): File to write; its folder is made if missing.
        content (bytes): What to write.
    """
    with atomic_file(path) as file:
        file.write(content)


@contextmanager
def atomic_file(path: str | Path) -> Iterator[BinaryIO]:
    """The same for content that comes in pieces: the file is there once the block has ended.

    Args:
        path (str | Path): File to write; its folder is made if missing.

    Yields:
        BinaryIO: The file to write to; after an error nothing of it is left.
    """
    with naming(path):
        draft = Draft(path)
        try:
            with open(draft.place, 'wb') as file:
                yield file
            draft.finish()
        finally:
            draft.drop()


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
        self._failed = False

    def write(self, path: str | Path, content: bytes) -> None:
        """Writes ``content``, which is at ``path`` some time later.

        Args:
            path (str | Path): File to write; its folder is made if missing.
            content (bytes): What to write.

        Raises:
            OSError: The disk is full, ...; nothing of the file is left.
        """
        with naming(path):
            draft = Draft(path)
            try:
                draft.place.write_bytes(content)
            except BaseException:
                draft.drop()
                raise
        self.then(_finish, draft)

    def then(self, step: Callable, *args) -> None:
        """Calls ``step(*args)`` in the thread once all files so far are in their places.

        After a failure nothing more is done until :meth:`wait` has told of it: the old file must
        not be removed where the new one is missing.
        """
        self._begun.append(self._thread.submit(self._do, step, args))

    def _do(self, step: Callable, args: tuple) -> None:
        if self._failed:
            if step is _finish:
                args[0].drop()
            return
        try:
            step(*args)
        except BaseException:
            self._failed = True
            raise

    def wait(self) -> None:
        """Returns when everything begun is done.

        Raises:
            OSError: What went wrong in the thread.
        """
        begun, self._begun = self._begun, []
        wait_for_all(begun)
        self._failed = False
        for step in begun:
            step.result()


def _finish(draft: Draft) -> None:
    try:
        draft.finish()
    except OSError as error:  # it names the draft, or nothing
        error.filename, error.filename2 = str(draft.path), None
        raise


# one for the process, as a disk is; mmengine passes only plain data on to a backend
LATER = FilesFinishedLater()
os.register_at_fork(after_in_child=LATER.start_anew)


class AtomicBackend(LocalBackend):
    """mmengine's local files, written atomically; ``backend_args=dict(backend=...)`` picks it.

    Args:
        later (bool): Leave syncing and renaming to :data:`LATER`. Defaults to False.
    """

    def __init__(self, later: bool = False) -> None:
        super().__init__()
        self._write = LATER.write if later else write_atomically

    def put(self, obj: bytes | memoryview, filepath: str | Path) -> None:
        """See :func:`write_atomically`."""
        self._write(filepath, obj)


register_backend(ATOMIC_BACKEND, AtomicBackend, force=True)
