"""Write files that are whole or absent: under a temporary name, then sync, then rename."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from .drafts import Draft, naming


def write_atomically(path: str | Path, content: bytes | memoryview) -> None:
    """Write a file; a kill at any moment leaves the whole old file or the whole new one.

    Args:
        path (str | Path): File to write; its folder is created if missing.
        content (bytes): Content of the file.
    """
    with atomic_file(path) as file:
        file.write(content)


@contextmanager
def atomic_file(path: str | Path) -> Iterator[BinaryIO]:
    """Write a file piece by piece; it appears when the block ends, and an error leaves nothing.

    Args:
        path (str | Path): File to write; its folder is created if missing.

    Yields:
        BinaryIO: The open file.
    """
    with naming(path):
        draft = Draft(path)
        try:
            with open(draft.place, 'wb') as file:
                yield file
            draft.finish()
        finally:
            draft.drop()


class BackgroundWriter:
    """Writes files at once, and syncs and renames them in a thread, one after another.

    Syncing a checkpoint takes longer than writing it. After an exception or Ctrl-C the thread
    finishes all files that were written before the process ends.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start with a new thread and no files: a fork has neither of its parent's."""
        self._thread = ThreadPoolExecutor(1)
        self._begun: list[Future] = []
        self._failed = False

    def write(self, path: str | Path, content: bytes | memoryview) -> None:
        """Write a file that appears at ``path`` later.

        Args:
            path (str | Path): File to write; its folder is created if missing.
            content (bytes): Content of the file.

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

    def then(self, step: Callable[..., None], *args: Any) -> None:
        """Call ``step(*args)`` in the thread when all files so far are complete.

        After a failure no step runs until :meth:`wait` has raised it: an old file must not be
        removed if the new one is missing.
        """
        self._begun.append(self._thread.submit(self._do, step, args))

    def _do(self, step: Callable[..., None], args: tuple) -> None:
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
        """Wait until all files are complete.

        Raises:
            OSError: A file could not be completed.
        """
        begun, self._begun = self._begun, []
        wait_for_all(begun)
        self._failed = False
        for step in begun:
            step.result()


def _finish(draft: Draft) -> None:
    try:
        draft.finish()
    except OSError as error:  # name the file, not its draft
        error.filename, error.filename2 = str(draft.path), None
        raise


# one for the process: mmengine builds file backends from plain data, which holds no writer
LATER = BackgroundWriter()
os.register_at_fork(after_in_child=LATER.reset)
