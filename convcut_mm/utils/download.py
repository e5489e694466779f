"""Download files within limits of size and time, whole or not at all."""

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import ConvcutError
from .atomic import atomic_file
from .progress import progress
from .slow_download import SlowDownloadWatch

TIMEOUT = 30.0  # seconds without a byte
SLOWEST = 8 * 2**10  # bytes a second on average, after the first minute
LARGEST_FILE = 8 * 2**30  # bytes; ConvNeXt-XLarge has 1.4 GB
_PIECE = 2**16


def fetch(url: str, limit_bytes: int, timeout: float = TIMEOUT, slowest: float = SLOWEST) -> bytes:
    """Download a small file into memory.

    Args:
        url (str): ``http://`` or ``https://``.
        limit_bytes (int): Maximum size.
        timeout (float): Maximum seconds without a byte from the server. Defaults to 30.
        slowest (float): Minimum bytes a second on average after the first ``2 * timeout`` seconds,
            so that no download takes longer than ``2 * timeout + limit_bytes / slowest``. Defaults
            to 8 KiB.

    Returns:
        bytes: The whole file.

    Raises:
        ConvcutError: The server cannot be reached, refuses, is silent or too slow, stops in the
            middle, or the file is too large; one line that names the URL.
    """
    with _opened(url, limit_bytes, timeout, slowest) as (_, pieces):
        return b''.join(pieces)


def download_file(
    url: str,
    folder: str | os.PathLike,
    limit_bytes: int = LARGEST_FILE,
    timeout: float = TIMEOUT,
    slowest: float = SLOWEST,
    shown: bool = True,
) -> Path:
    """Download a file into a folder, unless it is there from an earlier call.

    Args:
        url (str): ``http://`` or ``https://``. Different URLs get different file names, also if
            their last parts are equal.
        folder (str | PathLike): Folder to keep the file in; created if missing.
        limit_bytes (int): Maximum size. Defaults to 8 GiB.
        timeout (float): See :func:`fetch`.
        slowest (float): See :func:`fetch`.
        shown (bool): Show a progress bar on stderr. Defaults to True.

    Returns:
        Path: The whole file.

    Raises:
        ConvcutError: See :func:`fetch`; nothing is left in the folder then.
    """
    path = Path(folder) / cached_name(url)
    if path.is_file():
        return path
    with _opened(url, limit_bytes, timeout, slowest) as (size, pieces):
        title = f'downloading {_last_part(url)}'
        with (
            atomic_file(path) as file,
            progress(title, None if size is None else _mib(size), 'MiB', shown) as step,
        ):
            written = 0
            for piece in pieces:
                file.write(piece)
                step(_mib(written + len(piece)) - _mib(written))
                written += len(piece)
    return path


def _mib(size: int) -> int:
    return -(-size // 2**20)  # rounded up


def cached_name(url: str) -> str:
    """Return the file name for a URL: its last part, with a hash of the URL before the suffix."""
    own = Path(_last_part(url))
    digest = hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()[:16]
    return f'{own.stem[:80]}-{digest}{own.suffix[:16]}'


def _last_part(url: str) -> str:
    # plain characters only: no folders, nothing special to a terminal or a shell
    try:
        name = unquote(urlsplit(url).path).rsplit('/', 1)[-1]
    except ValueError:
        name = ''
    return re.sub(r'[^\w.-]', '_', name, flags=re.ASCII).strip('.') or 'file'


@contextmanager
def _opened(
    url: str, limit: int, timeout: float, slowest: float
) -> Iterator[tuple[int | None, Iterator[bytes]]]:
    """Open a URL: its size, if the server says it, and its content piece by piece."""
    watch = SlowDownloadWatch(timeout, slowest)
    try:
        # some servers refuse the name of Python's client
        request = urllib.request.Request(url, headers={'User-Agent': 'convcut_mm'})
        with watch, watch.opener().open(request, timeout=timeout) as response:
            length = response.headers.get('Content-Length', '')
            size = int(length) if length.isdecimal() else None
            if size is not None and size > limit:
                raise _too_large(url, limit)
            yield size, _pieces(response, url, limit, size, watch)
    except (urllib.error.URLError, http.client.HTTPException, ValueError, OSError) as error:
        if isinstance(error, ConvcutError) or _of_disk(error):
            raise
        raise watch.failure(url, error) from None


def _of_disk(error: Exception) -> bool:
    # an error with a file name is the caller's, who writes the content to disk
    of_server = isinstance(error, urllib.error.URLError)
    return not of_server and getattr(error, 'filename', None) is not None


def _pieces(
    response: Any, url: str, limit: int, size: int | None, watch: SlowDownloadWatch
) -> Iterator[bytes]:
    try:
        while piece := response.read1(_PIECE):
            watch.received += len(piece)
            if watch.received > limit:
                raise _too_large(url, limit)
            yield piece
        watch.check()
        if size is not None and watch.received < size:
            raise http.client.IncompleteRead(b'', size - watch.received)
    except (http.client.HTTPException, OSError) as error:
        raise watch.failure(url, error) from None


def _too_large(url: str, limit: int) -> ConvcutError:
    return ConvcutError(f'{url}: larger than {limit / 2**20:.4g} MiB, which is the limit here')
