"""FER2013's images (fer2013.csv) and FER+'s votes for them (fer2013new.csv), row by row.

The image file has some 300 MB, so it is read as a stream.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Union

from ...errors import ConvcutError
from ..ferplus import USAGES, VOTES_HEADER, parse_votes
from .tables import LIST_BYTES, csv_rows, plain_name, shown

SIZE = 48
IMAGES_HEADER = ('emotion', 'pixels', 'Usage')


class Face(NamedTuple):
    """One row of the pair."""

    usage: str  # a value of USAGES
    name: str  # '' where FER+ says to skip the image
    pixels: bytes  # SIZE * SIZE grey values, row by row
    votes: list  # ten numbers


def count_rows(votes: Union[str, Path]) -> int:
    """The rows of ``fer2013new.csv`` without the header, for a progress bar.

    Raises:
        ConvcutError: No such file, or one without rows.
    """
    count = sum(1 for _ in _rows(Path(votes), VOTES_HEADER))
    if not count:
        raise ConvcutError(f'{votes}: expected rows of votes after the header, got none')
    return count


def read_pair(images: Union[str, Path], votes: Union[str, Path]) -> Iterator[Face]:
    """Reads both files in step.

    Args:
        images (str | Path): ``fer2013.csv``: the columns emotion, pixels and Usage in any order.
        votes (str | Path): ``fer2013new.csv``: Usage, Image name and ten votes.

    Yields:
        Face: One row after the other, those to skip (with an empty name) too.

    Raises:
        ConvcutError: A missing file or column, a malformed row, rows that don't fit together;
            the message names file and line.
    """
    images, votes = Path(images), Path(votes)
    image_rows, vote_rows = _rows(images, IMAGES_HEADER, most=None), _rows(votes, VOTES_HEADER)
    names = set()
    while True:
        image, vote = next(image_rows, None), next(vote_rows, None)
        if image is None and vote is None:
            return
        if image is None or vote is None:
            longer, shorter = (images, votes) if vote is None else (votes, images)
            raise ConvcutError(
                f'{shorter}: ends before line {(image or vote)[0]} of {longer}; '
                'expected the same number of rows in both'
            )
        yield _face(image, vote, f'{images}, line {image[0]}', f'{votes}, line {vote[0]}', names)


def _face(image: tuple, vote: tuple, image_place: str, vote_place: str, names: set) -> Face:
    fields, (usage, name, *counts) = image[1], vote[1]
    pixels, image_usage = fields[1], fields[2].strip()
    for text, place in ((image_usage, image_place), (usage, vote_place)):
        if text not in USAGES.values():
            raise ConvcutError(
                f'{place}: unknown Usage "{shown(text)}", expected {", ".join(USAGES.values())}'
            )
    if usage != image_usage:
        raise ConvcutError(
            f'{vote_place}: Usage {usage}, expected {image_usage} as in {image_place}'
        )
    # the name becomes a file: nothing else may be in it
    if name and not (plain_name(name) and Path(name).suffix == '.png'):
        raise ConvcutError(
            f'{vote_place}: expected an image name like fer0000000.png, got "{shown(name)}"'
        )
    if name and name in names:
        raise ConvcutError(f'{vote_place}: expected each image name once, got {name} again')
    names.add(name)
    values = pixels.split()
    if len(values) != SIZE * SIZE:
        raise ConvcutError(
            f'{image_place}: expected {SIZE * SIZE} pixel values, got {len(values)}'
        )
    try:
        grey = bytes(map(int, values))  # refuses what isn't from 0 to 255
    except ValueError:
        raise ConvcutError(f'{image_place}: expected whole pixel values from 0 to 255') from None
    return Face(usage, name, grey, parse_votes(counts, vote_place))


def _rows(path: Path, columns: tuple, most: int | None = LIST_BYTES) -> Iterator[tuple]:
    """Yields line number and the fields in the order of ``columns``."""
    rows = csv_rows(path, most)
    header = [cell.strip() for cell in next(rows, (1, []))[1]]  # one edition has ' pixels'
    absent = [column for column in columns if column not in header]
    if absent:
        raise ConvcutError(
            f'{path}, line 1: the header has no column "{absent[0]}", expected {",".join(columns)}'
        )
    order = [header.index(column) for column in columns]
    for number, row in rows:
        if len(row) != len(header):
            raise ConvcutError(
                f'{path}, line {number}: expected {len(header)} fields, got {len(row)}'
            )
        yield number, [row[i] for i in order]
