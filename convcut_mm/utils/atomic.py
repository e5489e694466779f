"""Files that are whole or absent: written under a temporary name, synced, renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}{_MARK}')
    try:
        with open(temporary, 'wb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Union[str, Path]) -> None:
    """Removes temporary files that killed processes left in ``folder``."""
    for path in Path(folder).glob(f'.*{_MARK}'):
        path.unlink(missing_ok=True)


class AtomicBackend(LocalBackend):
    """mmengine's local files, written atomically; ``backend_args=dict(backend=...)`` picks it."""

    def put(self, obj: Union[bytes, memoryview], filepath: Union[str, Path]) -> None:
        """See :func:`write_atomically`."""
        write_atomically(filepath, bytes(obj))


register_backend(ATOMIC_BACKEND, AtomicBackend, force=True)
