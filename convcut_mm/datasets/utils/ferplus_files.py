"""FERPlus on disk: exported folders with their label.csv, and fer2013new.csv for all splits."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...errors import ConvcutError
from .ferplus_votes import ANSWERS
from .tables import csv_rows, named_columns, plain_name, shown, text_lines, whole_number

USAGES = {'train': 'Training', 'valid': 'PublicTest', 'test': 'PrivateTest'}
FOLDERS = {'train': 'FER2013Train', 'valid': 'FER2013Valid', 'test': 'FER2013Test'}
VOTES_HEADER = ('Usage', 'Image name', *ANSWERS)  # of fer2013new.csv
# written by the converter into a folder whose label.csv holds the votes of fer2013new.csv
SOURCE_NOTE = 'label_source.txt'


class VotesRow(NamedTuple):
    """A row of votes, not parsed yet."""

    path: Path
    line: int
    name: str  # of the image; '' if FER+ says to skip it
    votes: Sequence[str]
    usage: str = ''  # a value of USAGES; '' if the folder says it

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f'{self.path}, line {self.line}'


def source_note(path: Path) -> str:
    """Return the source of a converted folder's votes: the first line of its note."""
    return shown(next(text_lines(path), '').strip())


def read_label_csv(path: Path) -> tuple[list[str], np.ndarray]:
    """Read the ``label.csv`` of an exported folder.

    Returns:
        N image names and their votes, (N, 10).

    Raises:
        ConvcutError: The file is missing or malformed; the message names file and line.
    """
    return _parsed(path, _label_csv_rows(path))


def read_fer2013new_csv(path: Path, usage: str) -> tuple[list[str], np.ndarray]:
    """Read one split of ``fer2013new.csv``, without the images that it says to skip.

    Args:
        path: The file.
        usage: The split, a value of ``USAGES``.

    Returns:
        N image names and their votes, (N, 10).

    Raises:
        ConvcutError: The file is missing or malformed; the message names file and line.
    """
    rows = (row for row in fer2013new_rows(path) if row.usage == usage and row.name)
    return _parsed(path, rows)


def fer2013new_rows(path: Path) -> Iterator[VotesRow]:
    """Yield all rows of ``fer2013new.csv``, those to skip too.

    Raises:
        ConvcutError: The file is missing, a column is missing, or a Usage is unknown.
    """
    for line, (usage, name, *votes) in named_columns(path, VOTES_HEADER):
        row = VotesRow(path, line, name, votes, usage)
        check_usage(usage, row.place)
        yield row


def _label_csv_rows(path: Path) -> Iterator[VotesRow]:
    for line, row in csv_rows(path):
        if len(row) != 12:
            raise ConvcutError(
                f'{path}, line {line}: expected 12 fields (image name, box, ten votes), '
                f'got {len(row)}'
            )
        yield VotesRow(path, line, row[0], row[2:])


def check_usage(usage: str, place: str) -> None:
    """Refuse a Usage that is not one of FER2013's.

    Args:
        usage: The field.
        place: File and line, for the message.

    Raises:
        ConvcutError: It is none of ``USAGES``.
    """
    if usage not in USAGES.values():
        raise ConvcutError(
            f'{place}: unknown Usage "{shown(usage)}", expected {", ".join(USAGES.values())}'
        )


def check_image_name(row: VotesRow, others: Iterable[str], suffix: str = '') -> None:
    """Refuse an image name that could lead out of the folder, or that comes twice.

    Args:
        row: The row that names the image.
        others: Names of the rows before.
        suffix: Required ending of the name. Defaults to '', any.

    Raises:
        ConvcutError: The name is not a plain one, lacks the suffix, or is among ``others``.
    """
    if not plain_name(row.name) or suffix and Path(row.name).suffix != suffix:
        raise ConvcutError(
            f'{row.place}: expected an image name like fer0000000.png, got "{shown(row.name)}"'
        )
    if row.name in others:
        raise ConvcutError(f'{row.place}: expected each image name once, got {row.name} again')


def parse_votes(row: VotesRow) -> list[int]:
    """Return the ten votes of a row.

    Raises:
        ConvcutError: They are not ten whole numbers from 0 to 10.
    """
    votes = [number for vote in row.votes if (number := whole_number(vote)) is not None]
    if len(row.votes) != 10 or len(votes) != 10 or max(votes) > 10:
        raise ConvcutError(
            f'{row.place}: expected ten votes from 0 to 10, got {shown(",".join(row.votes))}'
        )
    return votes


def _parsed(path: Path, rows: Iterable[VotesRow]) -> tuple[list[str], np.ndarray]:
    if not path.is_file():
        raise ConvcutError(f'{path}: no such file; expected the FER+ votes there')
    votes: dict[str, list[int]] = {}
    for row in rows:
        counts = parse_votes(row)
        check_image_name(row, votes)
        votes[row.name] = counts
    return list(votes), np.array(list(votes.values()), dtype=int).reshape(-1, 10)
