"""Check which files a request may name, and delete visitors' photos."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from convcut_mm.errors import ConvcutError
from convcut_mm.utils.drafts import scratch_folder


class Uploads:
    """Track the files in Gradio's upload folder, each in a folder of its own.

    Files that are there at the start, the examples, are never deleted.

    Args:
        folder (str | Path): Gradio's folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).resolve()
        self._examples = set(self.folder.rglob('*'))
        self._looking: dict[str, Path] = {}  # each visitor's current file
        self._lock = Lock()

    def take(self, visitor: str, path: str) -> str:
        """Check that a path is an upload, and delete the visitor's earlier one.

        A request may name any file of the server: Gradio checks paths only where the request
        declares them as files.

        Args:
            visitor (str): Gradio's name of the visitor's session.
            path (str): Path in the request.

        Returns:
            str: The resolved path.

        Raises:
            ConvcutError: Not an uploaded file, or one that has been deleted.
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
        """Delete a visitor's current file, unless another visitor has the same one."""
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
    """Wrap Gradio's caching of a component's files: it would download what a request names."""

    async def cached(path: str, *args, **kwargs) -> str:
        if '://' in str(path):
            raise ConvcutError(f'{path}: not an upload; this page fetches nothing')
        return await cache(path, *args, **kwargs)

    return cached


@contextmanager
def own_folder() -> Iterator[Path]:
    """Give Gradio a folder of its own; import it within the block. The folder is deleted after it.

    By default all pages of a machine share one folder, and each serves the files of all.

    Yields:
        Path: The folder, which only the user of this process can read.
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
