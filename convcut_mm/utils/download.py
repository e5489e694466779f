"""Files from web servers: within limits of size and time, whole or not at all."""

import hashlib
import http.client
import os
import re
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import ConvcutError
from .atomic import atomic_file
from .progress import progress

TIMEOUT = 30.0  # seconds that a server may be silent
SLOWEST = 8 * 2**10  # bytes a second on average; the first minute does not count
LARGEST_FILE = 8 * 2**30  # bytes; ConvNeXt-XLarge has 1.4 GB
_PIECE = 2**16


def fetch(url: str, limit_bytes: int, timeout: float = TIMEOUT, slowest: float = SLOWEST) -> bytes:
    """Get a small file from a web server.

    Args:
        url (str): Its address, ``http://`` or ``https://``.
        limit_bytes (int): The most that it may have.
        timeout (float): Seconds that the server may be silent. Defaults to 30.
        slowest (float): Bytes a second that have to come on average after the first
            ``2 * timeout`` seconds, so that no download takes longer than
            ``2 * timeout + limit_bytes / slowest``. Defaults to 8 KiB.

    Returns:
        bytes: The whole file.

    Raises:
        ConvcutError: The server can't be reached, refuses, is silent or too slow, stops in the
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
    """Get a file from a web server once: later calls find it in the folder.

    Args:
        url (str): Its address. Files of other addresses have other names, even where the last
            parts of the addresses are equal.
        folder (str | PathLike): Where it is kept; made if missing.
        limit_bytes (int): The most that it may have. Defaults to 8 GiB.
        timeout (float): As in :func:`fetch`.
        slowest (float): As in :func:`fetch`.
        shown (bool): Whether there is a progress bar on stderr. Defaults to True.

    Returns:
        Path: The file, whole.

    Raises:
        ConvcutError: As in :func:`fetch`; nothing is left in the folder then.
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
    return -(-size // 2**20)  # begun ones count


def cached_name(url: str) -> str:
    """Name of a URL's file: its own name with a hash of the whole address before the suffix."""
    own = Path(_last_part(url))
    digest = hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()[:16]
    return f'{own.stem[:80]}-{digest}{own.suffix[:16]}'


def _last_part(url: str) -> str:
    # only the letters of plain names: neither folders nor what a terminal or a shell reads
    try:
        name = unquote(urlsplit(url).path).rsplit('/', 1)[-1]
    except ValueError:
        name = ''
    return re.sub(r'[^\w.-]', '_', name, flags=re.ASCII).strip('.') or 'file'


@contextmanager
def _opened(
    url: str, limit: int, timeout: float, slowest: float
) -> Iterator[tuple[int | None, Iterator[bytes]]]:
    """Give the size, if the server says it, and the content piece by piece."""
    watch = _Watch(timeout, slowest)
    try:
        # some servers refuse Python's own name
        request = urllib.request.Request(url, headers={'User-Agent': 'convcut_mm'})
        with watch, watch.opener().open(request, timeout=timeout) as answer:
            size = answer.headers.get('Content-Length', '')
            size = int(size) if size.isdecimal() else None
            if size is not None and size > limit:
                raise _too_large(url, limit)
            yield size, _pieces(answer, url, limit, size, watch)
    except (urllib.error.URLError, http.client.HTTPException, ValueError, OSError) as error:
        if isinstance(error, ConvcutError) or _of_disk(error):
            raise
        raise watch.failure(url, error) from None


def _of_disk(error: Exception) -> bool:
    # what the caller does with the content fails with the name of its file
    of_server = isinstance(error, urllib.error.URLError)
    return not of_server and getattr(error, 'filename', None) is not None


def _pieces(answer, url: str, limit: int, size: int | None, watch: '_Watch') -> Iterator[bytes]:
    try:
        while piece := answer.read1(_PIECE):
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


class _Watch:
    """Ends a download that drips, in whichever stage: headers, redirections, content.

    urllib, like requests and httpx, only limits the silence between two bytes.
    """

    def __init__(self, timeout: float, slowest: float) -> None:
        self.timeout, self.slowest = timeout, slowest
        self.received = 0
        self.too_slow = False
        self._sockets: list[socket.socket] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> '_Watch':
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._done.set()
        self._thread.join()
        for connection in self._sockets:
            connection.close()

    def _run(self) -> None:
        start = time.monotonic()
        while not self._done.wait(min(1.0, self.timeout / 4)):
            # twice: who is silent from the start is told so by the timeout itself
            allowed = 2 * self.timeout + self.received / self.slowest
            if self.too_slow or time.monotonic() - start > allowed:
                self.too_slow = True
                for connection in list(self._sockets):
                    _shut(connection)

    def check(self) -> None:
        """Raise TimeoutError if the download was ended."""
        if self.too_slow:
            raise TimeoutError

    def failure(self, url: str, error: Exception) -> ConvcutError:
        """What the user is told."""
        return ConvcutError(f'{url}: cannot be downloaded ({self._reason(error)})')

    def _reason(self, error: Exception) -> str:
        if self.too_slow:
            return f'below {self.slowest / 2**10:.3g} KiB/s, which is the limit here'
        if isinstance(error, http.client.IncompleteRead):
            return 'the connection ended before the file did'
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, TimeoutError):
            return f'no answer within {self.timeout:g} s'
        text = (str(reason).strip() or type(reason).__name__).splitlines()[0]
        if isinstance(error, urllib.error.HTTPError):
            return f'HTTP status {error.code}, {text}'
        return text

    def opener(self) -> urllib.request.OpenerDirector:
        """Open http and https only, so that no redirection leads to files or to FTP."""
        watch = self

        class Plain(http.client.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                # a copy, since TLS takes the socket itself over
                watch._sockets.append(self.sock.dup())

        class Secure(http.client.HTTPSConnection, Plain):
            pass

        class Http(urllib.request.HTTPHandler):
            def http_open(self, request):
                return self.do_open(Plain, request)

        class Https(urllib.request.HTTPSHandler):
            def https_open(self, request):
                return self.do_open(Secure, request)

        opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.UnknownHandler(),
            Http(),
            Https(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPRedirectHandler(),
            urllib.request.HTTPErrorProcessor(),
        ):
            opener.add_handler(handler)
        return opener


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # ended already
        pass
