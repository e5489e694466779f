"""Make text from outside, such as file names, safe for terminals, JSON and spreadsheets."""

import os
import re
import sys
from typing import TextIO

# line ends, escape sequences, and marks that change the direction of writing
_CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]')
# first characters of a formula in Excel, LibreOffice and Google Sheets
_FORMULA = '=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'


def as_utf8(text: str) -> str:
    """Escape each byte that is not UTF-8 as ``\\xff``, so that JSON and UTF-8 files can hold it.

    Python represents such bytes of a file name as lone surrogates, which strict readers refuse.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        # in the C locale every byte beyond ASCII is a surrogate, also those of valid UTF-8
        raw = b''.join(map(_bytes_of, text))
        text = raw.decode('utf-8', 'backslashreplace')
    return text


def _bytes_of(character: str) -> bytes:
    try:
        return character.encode('utf-8', 'surrogateescape')
    except UnicodeEncodeError:  # a surrogate that represents no byte
        return character.encode('utf-8', 'backslashreplace')


def printable(text: object) -> str:
    """Escape line ends and control characters (``\\n``, ``\\x1b``): one line, safe to print."""
    return _CONTROL.sub(
        lambda match: match.group().encode('unicode_escape').decode(), as_utf8(str(text))
    )


def cell(value: object) -> object:
    """Prepare a value for CSV: text in one line, with a ``'`` before what looks like a formula."""
    if not isinstance(value, str):
        return value
    return ("'" if value[:1] and value[0] in _FORMULA else '') + printable(value)


def many(number: int, what: str) -> str:
    """A number with its noun."""
    return f'{number} {what}' if number == 1 else f'{number} {what}s'


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message that is not empty, or else its type."""
    lines = filter(None, map(str.strip, str(error).splitlines()))
    return next(lines, type(error).__name__)


def say(text: object, stream: TextIO | None = None) -> None:
    """Print a line of :func:`printable` text, and go on if nobody reads it (``| head``).

    Args:
        text (object): The text.
        stream (TextIO, optional): Where to print it. Defaults to stdout.

    Raises:
        OSError: The stream is a file on a full disk, ...
    """
    stream = stream or sys.stdout
    if stream is None:  # the program was started without stdout
        return
    try:
        print(printable(text), file=stream, flush=True)
    except OSError as error:
        # redirect the stream, or Python fails again when it flushes it at exit
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            error.filename = stream.name
            raise
