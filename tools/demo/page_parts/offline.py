"""Keep the browser that shows the page from asking other servers.

Gradio's page names a font server and a script server, which this page does not need.
"""

import re

# what the page may load: its own server's files, and what lies in the page itself
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'"
)
# a policy does not stop 'preconnect', which opens a connection without asking for anything
ELSEWHERE = re.compile(
    rb'<link\b[^>]*\bhref="https?://[^>]*>|<script\b[^>]*\bsrc="https?://[^>]*>\s*</script>'
)


class SelfContained:
    """Remove links to other servers from HTML pages, and forbid them in a header.

    Args:
        app: The ASGI application behind it.
    """

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        """Handle a request of any kind; see the ASGI specification."""
        start, body = None, b''

        async def send_own(message) -> None:
            nonlocal start, body
            if message['type'] == 'http.response.start':
                policy = (b'content-security-policy', POLICY.encode())
                message = {**message, 'headers': [*message.get('headers', ()), policy]}
                if dict(message['headers']).get(b'content-type', b'').startswith(b'text/html'):
                    start = message  # its length is not known yet
                    return
            if start is not None:
                body += message.get('body', b'')
                if message.get('more_body'):
                    return
                body = ELSEWHERE.sub(b'', body)
                await send({**start, 'headers': _with_length(start['headers'], len(body))})
                message = {'type': 'http.response.body', 'body': body}
            await send(message)

        await self.app(scope, receive, send_own)


def _with_length(headers: list, length: int) -> list:
    kept = [(name, value) for name, value in headers if name != b'content-length']
    return [*kept, (b'content-length', str(length).encode())]
