"""Limit the server to the requests that the page makes, of a limited size.

Gradio's server can do more than this page needs: forward what other servers send, convert videos,
list its own functions.
"""

import re

SMALL = 2**18  # bytes of a request that is no upload
FORM = 2**16  # bytes around an uploaded file
# run/predict is the click on an example, which does not queue
POSTS = re.compile(r'/gradio_api/(upload|queue/join|run/predict|cancel|reset)/?$')
UPLOAD = re.compile(r'/gradio_api/upload/?$')
NOT_ASKED = re.compile(
    r'/gradio_api/(proxy=|file=\w+:|file/\w+:|stream/|api/|call/|deep_link|openapi|runs|'
    r'run-history|vibe|dev/)|/monitoring'
)


class Limits:
    """Refuse requests that the page never makes.

    Args:
        app: The ASGI application behind it.
        most_bytes (int): Largest uploaded file.
    """

    def __init__(self, app, most_bytes: int) -> None:
        self.app, self.most_bytes = app, most_bytes

    async def __call__(self, scope, receive, send) -> None:
        """Handle a request of any kind; see the ASGI specification."""
        status = self._refusal(scope) if scope['type'] == 'http' else None
        if status is None:
            await self.app(scope, receive, send)
            return
        headers = [(b'content-length', b'0'), (b'connection', b'close')]
        await send({'type': 'http.response.start', 'status': status, 'headers': headers})
        await send({'type': 'http.response.body', 'body': b''})

    def _refusal(self, scope) -> int | None:
        path = scope['path']
        if NOT_ASKED.search(path):
            return 404
        if scope['method'] in ('GET', 'HEAD'):
            return None
        if scope['method'] != 'POST' or not POSTS.search(path):
            return 405
        length = dict(scope['headers']).get(b'content-length', b'')
        if not length.isdigit():
            return 411
        most = self.most_bytes + FORM if UPLOAD.search(path) else SMALL
        return 413 if int(length) > most else None
