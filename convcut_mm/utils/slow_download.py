"""End downloads that are too slow, and describe why a download failed."""

import http.client
import socket
import threading
import time
import urllib.error
import urllib.request
from typing import Any

from ..errors import ConvcutError


class SlowDownloadWatch:
    """A thread that ends a download which is too slow in headers, redirections or content.

    urllib, like requests and httpx, only limits the time between two bytes.

    Args:
        timeout (float): Maximum seconds without a byte from the server.
        slowest (float): Minimum bytes a second on average after ``2 * timeout`` seconds.

    Attributes:
        received (int): Bytes so far; the caller counts them.
    """

    def __init__(self, timeout: float, slowest: float) -> None:
        self.timeout = timeout
        self.slowest = slowest
        self.received = 0
        self.too_slow = False
        self._sockets: list[socket.socket] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> 'SlowDownloadWatch':
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._done.set()
        self._thread.join()
        for connection in self._sockets:
            connection.close()

    def _run(self) -> None:
        start = time.monotonic()
        while not self._done.wait(min(1.0, self.timeout / 4)):
            # twice the timeout, which reports a server that is silent from the start
            allowed = 2 * self.timeout + self.received / self.slowest
            if self.too_slow or time.monotonic() - start > allowed:
                self.too_slow = True
                for connection in list(self._sockets):
                    _shut(connection)

    def check(self) -> None:
        """Raise TimeoutError if this watch has ended the download."""
        if self.too_slow:
            raise TimeoutError

    def failure(self, url: str, error: Exception) -> ConvcutError:
        """Return the error for the user."""
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
        """Return an opener of http and https only: no redirection leads to a file or to FTP."""
        watch = self

        class Plain(http.client.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                # duplicate it: TLS takes over the socket itself
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
    except OSError:  # it has ended already
        pass
