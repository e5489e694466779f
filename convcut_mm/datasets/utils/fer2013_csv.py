"""FER2013's images (fer2013.csv) and FER+'s votes for them (fer2013new.csv), row by row.

The image file has about 300 MB, so it is read as a stream.
"""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from ...errors import ConvcutError
from .ferplus_files import check_image_name, check_usage, fer2013new_rows, parse_votes
from .tables import named_columns

SIZE = 48
IMAGES_HEADER = ('emotion', 'pixels', 'Usage')


class FER2013Row(NamedTuple):
    """One image with its votes."""

    usage: str  # a value of USAGES
    name: str  # '' if FER+ says to skip the image
    pixels: bytes  # SIZE * SIZE grey values, row by row
    votes: list[int]  # ten numbers


def count_rows(votes: str | Path) -> int:
    """Count the rows of ``fer2013new.csv`` without the header, for a progress bar.

    Raises:
        ConvcutError: The file is missing, malformed or has no rows.
    """
    count = sum(1 for _ in fer2013new_rows(Path(votes)))
    if not count:
        raise ConvcutError(f'{votes}: expected rows of votes after the header, got none')
    return count


def read_pair(images: str | Path, votes: str | Path) -> Iterator[FER2013Row]:
    """Read both files in step.

    Args:
        images: ``fer2013.csv``: the columns emotion, pixels and Usage in any order.
        votes: ``fer2013new.csv``: Usage, Image name and ten votes.

    Yields:
        One row after the other, those to skip (with an empty name) too.

    Raises:
        ConvcutError: A file or column is missing, a row is malformed, or rows don't belong
            together; the message names file and line.
    """
    image_rows = named_columns(Path(images), IMAGES_HEADER, most=None)
    names: set[str] = set()
    for image, vote in zip_longest(image_rows, fer2013new_rows(Path(votes))):
        if image is None or vote is None:
            shorter, longer = (votes, images) if vote is None else (images, votes)
            line = image[0] if vote is None else vote.line
            raise ConvcutError(
                f'{shorter}: ends before line {line} of {longer}; '
                'expected the same number of rows in both'
            )
        line, (_, pixels, usage) = image
        place = f'{images}, line {line}'
        check_usage(usage.strip(), place)
        if vote.usage != usage.strip():
            raise ConvcutError(
                f'{vote.place}: Usage {vote.usage}, expected {usage.strip()} as in {place}'
            )
        if vote.name:  # it becomes a file's name
            check_image_name(vote, names, suffix='.png')
            names.add(vote.name)
        yield FER2013Row(vote.usage, vote.name, _grey_values(pixels, place), parse_votes(vote))


def _grey_values(pixels: str, place: str) -> bytes:
    values = pixels.split()
    if len(values) != SIZE * SIZE:
        raise ConvcutError(f'{place}: expected {SIZE * SIZE} pixel values, got {len(values)}')
    try:
        return bytes(map(int, values))  # refuses what isn't from 0 to 255
    except ValueError:
        raise ConvcutError(f'{place}: expected whole pixel values from 0 to 255') from None
