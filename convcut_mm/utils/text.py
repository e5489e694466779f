"""Text from outside, such as file names, made safe for a terminal, JSON and a spreadsheet."""

import os
import re
import sys
from typing import TextIO

# line ends, escape sequences, and what turns the direction of writing
_CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]')
# what makes Excel, LibreOffice and Google Sheets take a cell for a formula
_FORMULA = '=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'


def as_utf8(text: str) -> str:
    """The text with each byte that is not UTF-8 as ``\\xff``: what JSON and UTF-8 files can hold.

    Python keeps such bytes of a file's name as lone surrogates, which strict readers refuse.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        # in the C locale all that is not ASCII comes as such bytes, so they may be UTF-8 after all
        raw = b''.join(map(_bytes_of, text))
        text = raw.decode('utf-8', 'backslashreplace')
    return text


def _bytes_of(character: str) -> bytes:
    try:
        return character.encode('utf-8', 'surrogateescape')
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return character.encode('utf-8', 'backslashreplace')


def printable(text: object) -> str:
    """The text in one line that controls no terminal: ``\\n``, ``\\x1b`` for what would."""
    return _CONTROL.sub(
        lambda match: match.group().encode('unicode_escape').decode(), as_utf8(str(text))
    )


def cell(value: object) -> object:
    """A value for a CSV table: text in one line, and a ``'`` before what looks like a formula."""
    if not isinstance(value, str):
        return value
    return ("'" if value[:1] and value[0] in _FORMULA else '') + printable(value)


def first_line(error: BaseException) -> str:
    """The first line of an error that says something, else its type."""
    lines = filter(None, map(str.strip, str(error).splitlines()))
    return next(lines, type(error).__name__)


def say(text: object, stream: TextIO | None = None) -> None:
    """Print a line of :func:`printable` text; if nobody reads it (``| head``) nothing stops.

    Args:
        text (object): What to print.
        stream (TextIO, optional): Where to. Defaults to stdout.

    Raises:
        OSError: It goes to a file on a full disk, ...
    """
    stream = stream or sys.stdout
    if stream is None:  # closed by who started the program
        return
    try:
        print(printable(text), file=stream, flush=True)
    except OSError as error:
        # nothing is left for Python to write, and to complain about, when it ends
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            error.filename = stream.name
            raise
