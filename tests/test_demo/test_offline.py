"""What the page's server sends: nothing that makes a browser ask elsewhere."""

import asyncio

from page_parts.offline import SelfContained

PAGE = b"""<html><head><link rel="preconnect" href="https://fonts.example" />
<link rel="stylesheet" href="./own.css"><script
  src="https://cdn.example/a.js"
  async
></script><script src="./own.js"></script></head><body>Good</body></html>"""


def fetch(content_type: bytes, *parts: bytes) -> list:
    """The messages that come through for an answer in these parts."""

    async def app(scope, receive, send) -> None:
        headers = [(b'content-type', content_type), (b'content-length', b'%d' % len(PAGE))]
        await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
        for number, part in enumerate(parts, 1):
            more = number < len(parts)
            await send({'type': 'http.response.body', 'body': part, 'more_body': more})

    sent = []

    async def collect(message) -> None:
        sent.append(message)

    asyncio.run(SelfContained(app)({'type': 'http'}, None, collect))
    return sent


def test_pages_lose_what_lies_elsewhere():
    start, body = fetch(b'text/html; charset=utf-8', PAGE[:50], PAGE[50:])
    assert b'example' not in body['body'] and b'</script><script' not in body['body']
    for kept in (b'./own.css', b'<script src="./own.js"></script>', b'<body>Good</body></html>'):
        assert kept in body['body']
    headers = dict(start['headers'])
    assert int(headers[b'content-length']) == len(body['body'])
    assert b"default-src 'self'" in headers[b'content-security-policy']


def test_other_answers_pass_through_as_they_come():
    start, *bodies = fetch(b'text/event-stream', PAGE[:50], PAGE[50:])
    assert [message['body'] for message in bodies] == [PAGE[:50], PAGE[50:]]
    assert b'content-security-policy' in dict(start['headers'])
