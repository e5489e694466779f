"""Downloads are whole files within limits, from honest and hostile servers."""

import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from convcut_mm import ConvcutError
from convcut_mm.utils.download import cached_name, download_file, fetch

CONTENT = bytes(range(256)) * 1000
SLOW = dict(timeout=0.6, slowest=1000)  # so that a test need not wait a minute


class Server(BaseHTTPRequestHandler):
    """A server that responds in another way at each path."""

    asked: list = []

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        getattr(self, self.path.strip('/').split('/')[0].split('.')[0])()

    def start(self, size=None, status=200, **headers):
        self.send_response(status)
        if size is not None:
            self.send_header('Content-Length', size)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()

    def whole(self):
        self.start(len(CONTENT))
        self.wfile.write(CONTENT)

    def own(self):  # another file for each path
        self.start()
        self.wfile.write(self.path.encode())

    def unsized(self):
        self.start()
        self.wfile.write(CONTENT)

    def cut(self):
        self.start(2 * len(CONTENT))
        self.wfile.write(CONTENT)

    def reset(self):
        self.start(2 * len(CONTENT))
        self.wfile.write(CONTENT)
        # no time to linger: what is left is thrown away, and the client told so
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.connection.close()

    def lies(self):
        self.start(10)
        self.wfile.write(CONTENT)

    def missing(self):
        self.send_error(404)

    def silent(self):
        self.server.ended.wait(60)

    def stalls(self):
        self.start(len(CONTENT))
        self.wfile.write(CONTENT[:1000])
        self.server.ended.wait(60)

    def drips(self):
        self.start(len(CONTENT))
        self.drip(b'a')

    def drips_headers(self):
        self.wfile.write(b'HTTP/1.1 200 OK\r\n')
        self.drip(b'X-Header: ' + b'a' * 60000)

    def drip(self, content):
        try:
            for letter in content * 10**4:
                self.wfile.write(bytes([letter]))
                if self.server.ended.wait(0.05):
                    return
        except OSError:  # the client has had enough
            pass

    def to_file(self):
        self.start(0, 302, Location='file:///etc/hostname')

    def in_circles(self):
        self.start(0, 302, Location='/in_circles')

    def noise(self):
        self.wfile.write(b'\x00\xff not HTTP at all')


@pytest.fixture(scope='module')
def server():
    with ThreadingHTTPServer(('127.0.0.1', 0), Server) as running:
        running.ended = threading.Event()
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        yield f'http://127.0.0.1:{running.server_port}'
        running.ended.set()
        running.shutdown()


def test_whole_files(server, tmp_path):
    assert fetch(f'{server}/whole', 10**6) == CONTENT
    assert fetch(f'{server}/unsized', len(CONTENT)) == CONTENT
    assert download_file(f'{server}/whole/a.bin', tmp_path / 'new').read_bytes() == CONTENT


@pytest.mark.parametrize(
    'path, message',
    [
        ('missing', 'HTTP status 404'),
        ('cut', 'the connection ended before the file did'),
        ('reset', 'reset by peer'),
        ('silent', 'no answer within 0.6 s'),
        ('stalls', 'no answer within 0.6 s'),
        ('drips', 'below 0.977 KiB/s'),
        ('drips_headers', 'below 0.977 KiB/s'),
        ('to_file', "Redirection to url 'file:///etc/hostname' is not allowed"),
        ('in_circles', 'infinite loop'),
        ('noise', 'HTTP'),
    ],
)
def test_what_fails_leaves_one_line_and_no_file(path, message, server, tmp_path):
    url = f'{server}/{path}'
    with pytest.raises(ConvcutError) as error:
        download_file(url, tmp_path, **SLOW)
    assert str(error.value).startswith(f'{url}: cannot be downloaded (')
    assert message in str(error.value) and '\n' not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_too_large(server):
    for path in ('whole', 'unsized'):
        with pytest.raises(ConvcutError, match=rf'/{path}: larger than 0.125 MiB'):
            fetch(f'{server}/{path}', 2**17)
    # a server that says less than it sends is read as far as it said
    assert fetch(f'{server}/lies', 2**17) == CONTENT[:10]


@pytest.mark.parametrize(
    'url', ['http://127.0.0.1:1/w.pth', 'ftp://h/w.pth', 'file:///etc/passwd', 'http://[', 'http:']
)
def test_no_such_server(url, tmp_path):
    with pytest.raises(ConvcutError) as error:
        download_file(url, tmp_path)
    assert str(error.value).startswith(f'{url}: cannot be downloaded (')
    assert '\n' not in str(error.value) and not list(tmp_path.iterdir())


def test_each_url_has_its_own_file(server, tmp_path):
    urls = [f'{server}/own/{rest}' for rest in ('a/w.pth', 'b/w.pth', 'a/w.pth?v=2')]
    for _ in range(2):  # from the server, then from the folder
        for url in urls:
            content = download_file(url, tmp_path, shown=False).read_bytes()
            assert content.decode() == url.removeprefix(server)
    assert [path for path in Server.asked if path.startswith('/own')] == [
        url.removeprefix(server) for url in urls
    ]


@pytest.mark.parametrize(
    'url', ['http://h/a/..%2f..%2fevil.pth', 'http://h/', 'http://h/\x1b[31m$(x).pth', 'http://[']
)
def test_file_names_are_plain(url):
    name = cached_name(url)
    assert '/' not in name and not name.startswith('.') and name.isprintable()
    assert not set(name) & set(' $()[]%') and len(cached_name(f'http://h/{"a" * 999}.pth')) < 130


def test_two_at_once_end_in_one_whole_file(server, tmp_path):
    url = f'{server}/whole/twice.bin'
    threads = [threading.Thread(target=download_file, args=(url, tmp_path)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (path,) = tmp_path.iterdir()
    assert path.read_bytes() == CONTENT
