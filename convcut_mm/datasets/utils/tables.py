"""Lists and tables of other people: read line by line, within limits, each mistake one line."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from ...errors import ConvcutError

LINE_BYTES = 64 << 10  # the longest real one has 9 kB: an image of fer2013.csv
LIST_BYTES = 64 << 20  # the largest real list has 2 MB; lists are kept in memory
_SHOWN = 60  # characters of a file that a message repeats
_WHOLE = re.compile(r'\d{1,9}(\.0*)?', re.ASCII)
_BOM = b'\xef\xbb\xbf'


def text_lines(path: Path, most: int | None = LIST_BYTES) -> Iterator[str]:
    """Lines of a UTF-8 file with their ends, without the mark that some editors put first.

    Args:
        path (Path): The file.
        most (int, optional): Bytes that it may have; None for a file that is read as a stream.
            Defaults to 64 MiB.

    Raises:
        ConvcutError: No such file, no plain file, one that is too large, a line that is too long,
            holds a NUL or is not UTF-8.
    """
    if not path.is_file():
        what = 'not a plain file' if path.exists() else 'no such file'
        raise ConvcutError(f'{path}: {what}')
    size = path.stat().st_size
    if most is not None and size > most:
        raise ConvcutError(f'{path}: {size} bytes, expected a list of at most {most}')
    with open(path, 'rb') as file:
        number = 0
        while line := file.readline(LINE_BYTES + 1):
            number += 1
            if len(line) > LINE_BYTES:
                raise ConvcutError(
                    f'{path}, line {number}: longer than {LINE_BYTES} bytes, so no list of faces'
                )
            if number == 1:
                line = line.removeprefix(_BOM)
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                raise ConvcutError(
                    f'{path}, line {number}: not UTF-8 text ({error.reason}); save it as UTF-8'
                ) from None
            if '\0' in text:
                raise ConvcutError(f'{path}, line {number}: a NUL byte, so no text file')
            yield text


def csv_rows(path: Path, most: int | None = LIST_BYTES) -> Iterator[tuple[int, list[str]]]:
    """Number of the line and fields of each row of a CSV file, the header too, no blank rows.

    Args:
        path (Path): The file.
        most (int, optional): See :func:`text_lines`.

    Raises:
        ConvcutError: See :func:`text_lines`; quotes that don't end.
    """
    reader = csv.reader(text_lines(path, most), strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise ConvcutError(
                f'{path}, line {reader.line_num}: expected comma-separated fields ({error})'
            ) from None
        if row is None:
            return
        if any(field.strip() for field in row):
            yield reader.line_num, row


def whole_number(text: str) -> int | None:
    """'3', ' 3 ' and '3.0', which spreadsheets make of it; None for anything else."""
    text = text.strip()
    return int(text.split('.')[0]) if _WHOLE.fullmatch(text) else None


def plain_name(text: str) -> bool:
    """Whether a list's name is that of a file in the folder itself, not of one elsewhere."""
    return text.isprintable() and text not in ('', '.', '..') and not set(text) & set('/\\')


def shown(text: str) -> str:
    """What a message repeats of a file: short, in one line."""
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= _SHOWN else f'{text[:_SHOWN]}...'
