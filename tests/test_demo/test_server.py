"""The page's server, asked for what it must not give: files, other servers, room on the disk."""

import http.client
import json
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest

FIELDS = {'Content-Type': 'application/json'}


def ask(url: str, data: bytes | None = None, headers: dict | None = None) -> tuple[int, bytes]:
    """Status and body of an answer."""
    request = urllib.request.Request(url, data=data, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Visitor:
    """Somebody who does without a browser."""

    def __init__(self, server) -> None:
        self.server, self.url = server, server.url
        self.session = uuid.uuid4().hex
        config = json.loads(ask(f'{self.url}/config')[1])
        self.function = next(
            one['id'] for one in config['dependencies'] if one['api_name'] == 'respond'
        )

    def upload(self, name: str, content: bytes) -> tuple[int, bytes]:
        border = uuid.uuid4().hex
        body = (
            f'--{border}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
            'Content-Type: image/png\r\n\r\n'
        ).encode()
        body += content + f'\r\n--{border}--\r\n'.encode()
        kind = {'Content-Type': f'multipart/form-data; boundary={border}'}
        return ask(f'{self.url}/gradio_api/upload', body, kind)

    def respond(self, photo, model: str = 'small') -> dict:
        """What the page answers for a photo: ``output``, or ``error``."""
        body = dict(data=[photo, model, False], fn_index=self.function, session_hash=self.session)
        join = f'{self.url}/gradio_api/queue/join'
        assert ask(join, json.dumps(body).encode(), FIELDS)[0] == 200
        events = f'{self.url}/gradio_api/queue/data?session_hash={self.session}'
        with urllib.request.urlopen(events, timeout=60) as stream:
            for line in stream:
                event = json.loads(line.removeprefix(b'data: ') or b'{}') if line.strip() else {}
                if event.get('msg') == 'process_completed':
                    return event
        raise AssertionError('no answer')

    def files(self) -> list[Path]:
        """What the server keeps, besides the examples."""
        return [
            path
            for path in self.server.folder.rglob('*')
            if path.is_file() and path.name not in ('astronaut.png', 'chelsea.png')
        ]


@pytest.fixture
def visitor(server) -> Visitor:
    return Visitor(server)


def data(path, **more) -> dict:
    return dict(path=path, meta={'_type': 'gradio.FileData'}, **more)


def test_upload_answer_and_nothing_is_left(visitor, photos):
    status, body = visitor.upload('a face.png', photos['astronaut'].read_bytes())
    assert status == 200
    (path,) = json.loads(body)
    (said,) = visitor.respond(data(path))['output']['data']
    assert '1 face found' in said and visitor.files()
    # the next photo takes the place of the last
    (other,) = json.loads(visitor.upload('two.png', photos['two'].read_bytes())[1])
    (said,) = visitor.respond(data(other))['output']['data']
    assert '2 faces found' in said and visitor.files() == [Path(other)]
    (said,) = visitor.respond(None)['output']['data']
    assert 'No photo yet' in said and visitor.files() == []
    (said,) = visitor.respond(data(other))['output']['data']
    assert 'Please upload it again' in said


def answer_to_head(visitor, method: str, path: str, *headers: tuple) -> int:
    """Status for a request of which only the head is sent: a refusal does not wait for a body."""
    connection = http.client.HTTPConnection(visitor.url.removeprefix('http://'), timeout=60)
    connection.putrequest(method, path)
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


def test_large_requests(visitor):
    before = visitor.files()
    for path, size in (('upload', 11 * 2**20), ('upload', 2**40), ('queue/join', 2**20)):
        head = ('Content-Length', size)
        assert answer_to_head(visitor, 'POST', f'/gradio_api/{path}', head) == 413
    assert visitor.files() == before


@pytest.mark.parametrize('bare', [False, True])
def test_files_of_the_server_and_addresses(visitor, photos, bare, root):
    own = str(photos['astronaut'])  # an image of the server that nobody uploaded
    for path in (
        *(own, '/etc/passwd', '/dev/zero', str(root / 'README.md'), '', 'a\0b', 'a' * 5000),
        f'{visitor.server.folder}/../{photos["astronaut"].name}',
        *(f'{visitor.url}/config', 'http://127.0.0.1:9/a.png', 'http://[::1]/a.png'),
        *('http://169.254.169.254/latest', 'https://example.org/a.png', 'file:///etc/passwd'),
    ):
        answer = visitor.respond(dict(path=path) if bare else data(path))
        said = ''.join((answer.get('output') or {}).get('data') or [])
        assert 'cc-photo' not in said and 'root:' not in json.dumps(answer)
        assert not answer['success'] or 'Please upload it again' in said, path
    assert not visitor.respond(None, 'no such model')['success']


def test_what_the_page_does_not_ask_for(visitor, root):
    for path in (
        '/gradio_api/file=/etc/passwd',
        '/gradio_api/file=../../../../etc/passwd',
        f'/gradio_api/file={root}/README.md',
        f'/gradio_api/file={visitor.url}/config',
        '/gradio_api/file=https://example.org/',
        f'/gradio_api/proxy={visitor.url}/config',
        '/gradio_api/deep_link?session_hash=1',
        '/monitoring',
    ):
        status, body = ask(visitor.url + path)
        assert status in (403, 404) and b'root:' not in body, path
    for path in ('process_recording', 'call/respond', 'run/respond', 'vibe-edit'):
        assert ask(f'{visitor.url}/gradio_api/{path}', b'{}', FIELDS)[0] in (404, 405), path
    # what queues cannot be called beside the queue
    body = dict(data=[None, 'small', False], fn_index=visitor.function)
    answer = ask(f'{visitor.url}/gradio_api/run/predict', json.dumps(body).encode(), FIELDS)
    assert answer[0] == 404
    for method, path, status in (
        ('POST', '/gradio_api/queue/join', 411),
        ('DELETE', '/gradio_api/upload', 405),
    ):
        chunked = ('Transfer-Encoding', 'chunked')  # of any length
        assert answer_to_head(visitor, method, path, chunked) == status
