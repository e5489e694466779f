"""Text from outside is safe for terminals, JSON and spreadsheets."""

import io
import os

import pytest

from convcut_mm.utils.text import as_utf8, cell, printable, say


@pytest.mark.parametrize(
    'text,safe',
    [
        ('photo ä 微笑.jpg', 'photo ä 微笑.jpg'),
        ('a\nb', 'a\\nb'),
        ('\x1b[2J\x1b]0;title\x07', '\\x1b[2J\\x1b]0;title\\x07'),
        ('\x9b31m', '\\x9b31m'),
        ('gpj.\u202eexe', 'gpj.\\u202eexe'),
        (os.fsdecode(b'caf\xe9'), 'caf\\xe9'),
        ('\ud800', '\\ud800'),
    ],
)
def test_one_line_that_controls_nothing(text, safe):
    assert printable(text) == safe
    as_utf8(text).encode()


def test_numbers_are_no_formulas():
    assert [cell(value) for value in (-1.5, None, '-1.5', '')] == [-1.5, None, "'-1.5", '']


def test_a_closed_pipe_does_not_stop():
    reads, writes = os.pipe()
    os.close(reads)
    with open(writes, 'w') as stream:
        for _ in range(3):
            say('a line', stream)


def test_a_full_disk_is_reported():
    with open('/dev/full', 'w') as stream:
        with pytest.raises(OSError, match='No space left on device') as error:
            say('a line', stream)
        assert error.value.filename == '/dev/full'


@pytest.mark.parametrize('encoding', ['ascii', 'cp1252'])
def test_encodings_without_the_letter(encoding):
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, encoding=encoding, errors='backslashreplace')
    say('微.jpg', stream)
    assert content.getvalue() == b'\\u5fae.jpg\n'
