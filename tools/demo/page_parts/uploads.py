"""The photos that visitors upload: which files may be looked at, and when they are deleted."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from convcut_mm.errors import ConvcutError
from convcut_mm.utils.drafts import scratch_folder


class Uploads:
    """Files in the folder that Gradio keeps uploads in, each in a folder of its own.

    What lies there at the start, which are the examples, is never deleted.

    Args:
        folder (str | Path): Gradio's folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).resolve()
        self._examples = set(self.folder.rglob('*'))
        self._looking: dict[str, Path] = {}  # at which file a visitor looks
        self._lock = Lock()

    def take(self, visitor: str, path: str) -> str:
        """Checks that a path is an upload, and deletes the one that the visitor had before.

        A request may name any file of the server: Gradio looks at paths only where the request
        says that they are some.

        Args:
            visitor (str): Gradio's name of the visitor's session.
            path (str): What the request names.

        Raises:
            ConvcutError: No file that was uploaded, or one that is deleted by now.
        """
        try:
            file = Path(path).resolve()
            known = self.folder in file.parents and file.is_file()
        except (OSError, ValueError, TypeError):  # NUL, overlong names, links in a circle
            known = False
        if not known:
            raise ConvcutError('This photo is not here any more. Please upload it again.')
        with self._lock:
            before = self._looking.get(visitor)
            self._looking[visitor] = file
            if before != file:
                self._delete(before)
        return str(file)

    def leave(self, visitor: str) -> None:
        """Deletes what a visitor looked at last, unless another one looks at the same."""
        with self._lock:
            self._delete(self._looking.pop(visitor, None))

    def _delete(self, file: Path | None) -> None:
        if file is None or file in self._examples or file in self._looking.values():
            return
        file.unlink(missing_ok=True)
        if file.parent != self.folder:
            with suppress(OSError):  # the same photo under another name
                file.parent.rmdir()


def no_urls(cache: Callable) -> Callable:
    """Wraps Gradio's caching of a component's files: it would download what a request names."""

    async def cached(path: str, *args, **kwargs) -> str:
        if '://' in str(path):
            raise ConvcutError(f'{path}: not an upload; this page fetches nothing')
        return await cache(path, *args, **kwargs)

    return cached


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for Gradio's files, which is to be imported within the block; gone after it.

    By default all pages of a machine share one, and each page hands out the files of all.

    Yields:
        Path: The folder, for the user of this process alone.
    """
    before = os.environ.get('GRADIO_TEMP_DIR')
    with scratch_folder(Path(before or tempfile.gettempdir()) / 'convcut-page') as folder:
        folder.chmod(0o700)
        os.environ['GRADIO_TEMP_DIR'] = str(folder)
        try:
            yield folder
        finally:
            if before is None:
                del os.environ['GRADIO_TEMP_DIR']
            else:
                os.environ['GRADIO_TEMP_DIR'] = before
