"""Lists and tables from outside: read line by line, within limits, with one-line errors."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import ConvcutError

LINE_BYTES = 64 << 10  # the longest real line has 9 kB: an image of fer2013.csv
LIST_BYTES = 64 << 20  # the largest real list has 2 MB; lists are kept in memory
_SHOWN = 60  # characters of a file that a message repeats
_WHOLE = re.compile(r'\d{1,9}(\.0*)?', re.ASCII)
_BOM = b'\xef\xbb\xbf'


def text_lines(path: Path, most: int | None = LIST_BYTES) -> Iterator[str]:
    """Yield the lines of a UTF-8 file with their ends, without a byte order mark.

    Args:
        path: The file.
        most: Largest size in bytes; None for a file that is read as a stream. Defaults to 64 MiB.

    Raises:
        ConvcutError: The file is missing, not a plain file or too large, or a line is too long,
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
    """Yield line number and fields of each row of a CSV file, header included, blank rows not.

    Args:
        path: The file.
        most: See :func:`text_lines`.

    Raises:
        ConvcutError: See :func:`text_lines`; or a quote is not closed.
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


def named_columns(
    path: Path, columns: Sequence[str], most: int | None = LIST_BYTES
) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and the fields of some columns, in that order, of a CSV file's rows.

    Args:
        path: The file; its header may hold the columns in any order, and others.
        columns: Names of the columns.
        most: See :func:`text_lines`.

    Raises:
        ConvcutError: See :func:`csv_rows`; or a column is missing, or a row is not as long as the
            header.
    """
    rows = csv_rows(path, most)
    header = [cell.strip() for cell in next(rows, (1, []))[1]]  # one edition has ' pixels'
    absent = [column for column in columns if column not in header]
    if absent:
        raise ConvcutError(
            f'{path}, line 1: the header has no column "{absent[0]}", expected {",".join(columns)}'
        )
    order = [header.index(column) for column in columns]
    for line, row in rows:
        if len(row) != len(header):
            raise ConvcutError(
                f'{path}, line {line}: expected {len(header)} fields, got {len(row)}'
            )
        yield line, [row[i] for i in order]


def whole_number(text: str) -> int | None:
    """Parse '3', ' 3 ' or a spreadsheet's '3.0'; return None for anything else."""
    text = text.strip()
    return int(text.split('.')[0]) if _WHOLE.fullmatch(text) else None


def plain_name(text: str) -> bool:
    """Return whether a listed name is a file in the folder itself, not a path elsewhere."""
    return text.isprintable() and text not in ('', '.', '..') and not set(text) & set('/\\')


def shown(text: str) -> str:
    """Shorten text from a file to what a one-line message can repeat."""
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= _SHOWN else f'{text[:_SHOWN]}...'
