"""Keep the copies of a data set in the user's cache folder: finding them decodes every image.

One file for a list of images, replaced when one of them changes, in
``$CONVCUT_CACHE``, else ``$XDG_CACHE_HOME/convcut_mm``, else ``~/.cache/convcut_mm``.
"""

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from ...errors import ConvcutError
from ...utils.atomic import write_atomically
from ...utils.locks import lock_range
from .duplicates import NEAR, Duplicates, find_duplicates
from .image_signatures import SIDE, read_signatures

_METHOD = f'1, pixels or {SIDE}x{SIDE} > {NEAR}'  # raise the number when a result changes
_LARGEST = 1 << 30  # bytes


def cached_duplicates(paths: Sequence[str]) -> Duplicates:
    """Find the copies among images, or read them from the cache.

    Of several processes that ask at the same time, one works and the others wait. A damaged file
    is replaced; a folder that can't be written costs the time again, and a warning.

    Args:
        paths: Image files, sorted.

    Raises:
        ConvcutError: A file is missing.
    """
    paths = [os.path.abspath(path) for path in paths]
    name = hashlib.sha256('\0'.join(paths).encode(errors='surrogateescape'))
    file = _folder() / f'duplicates-{name.hexdigest()[:32]}.npz'
    key = _fingerprint(paths)
    found = _load(file, key, len(paths))
    if found is not None:
        return found
    with _only_one(file):
        found = _load(file, key, len(paths))
        if found is None:
            found = find_duplicates(read_signatures(paths))
            _save(file, key, found)
    return found


def _folder() -> Path:
    own = os.environ.get('CONVCUT_CACHE')
    if own:
        return Path(own)
    base = os.environ.get('XDG_CACHE_HOME') or os.path.join(os.path.expanduser('~'), '.cache')
    return Path(base) / 'convcut_mm'


def _fingerprint(paths: Sequence[str]) -> str:
    """Return a hash of sizes and times of change."""
    digest = hashlib.sha256(_METHOD.encode())
    for path in paths:
        try:
            status = os.stat(path)
        except OSError as error:
            raise ConvcutError(f'{path}: {error.strerror}') from None
        digest.update(b'%d %d\n' % (status.st_size, status.st_mtime_ns))
    return digest.hexdigest()


@contextmanager
def _only_one(file: Path) -> Iterator[None]:
    """Wait for another process that looks at the same images."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = open(file.with_suffix('.lock'), 'ab')  # noqa: SIM115
    except OSError:  # _save says what is wrong with the folder
        yield
        return
    with lock:
        try:
            lock_range(lock, wait=True)
        except OSError:  # a file system without locks: each process works for itself
            pass
        yield


def _save(file: Path, key: str, found: Duplicates) -> None:
    content = io.BytesIO()
    np.savez(content, key=np.array(key), **vars(found))
    try:
        write_atomically(file, content.getbuffer())
    except OSError as error:
        print_log(
            f'{file}: not written ({error.strerror}); the next start will look for copies again',
            logger='current',
            level=30,  # a warning
        )


def _load(file: Path, key: str, count: int) -> Duplicates | None:
    """Return the copies; None if the file is missing, of other images, or damaged."""
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return None
        with np.load(file, allow_pickle=False) as content:
            if str(content['key']) != key:
                return None
            names = Duplicates.__dataclass_fields__
            found = Duplicates(**{name: content[name] for name in names})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return found if _plausible(found, count) else None


def _plausible(found: Duplicates, count: int) -> bool:
    pairs = found.pairs
    return (
        found.identity.shape == found.readable.shape == (count,)
        and pairs.ndim == 2
        and pairs.shape[1] == 2
        and found.correlation.shape == found.mirrored.shape == (len(pairs),)
        and all(array.dtype.kind == 'i' for array in (found.identity, pairs))
        and all(array.dtype == bool for array in (found.readable, found.mirrored))
        and all(((array >= 0) & (array < count)).all() for array in (found.identity, pairs))
    )
