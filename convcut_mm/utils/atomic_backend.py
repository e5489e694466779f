"""mmengine's way to write files, made atomic."""

from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from .atomic import LATER, write_atomically

ATOMIC_BACKEND = 'convcut_atomic'


class AtomicBackend(LocalBackend):
    """mmengine's local file backend with atomic writes, ``backend_args=dict(backend=...)``.

    Args:
        later (bool): Sync and rename in the background, by :data:`LATER`. Defaults to False.
    """

    def __init__(self, later: bool = False) -> None:
        super().__init__()
        self._write = LATER.write if later else write_atomically

    def put(self, obj: bytes | memoryview, filepath: str | Path) -> None:
        """Write a file atomically."""
        self._write(filepath, obj)


register_backend(ATOMIC_BACKEND, AtomicBackend, force=True)
