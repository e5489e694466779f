"""Read image headers where Pillow does not tell enough: TIFF, HEIF, JPEG 2000."""

import os
import struct
from typing import IO, BinaryIO

_HEIF_BRANDS = (b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'mif1', b'msf1')
# tags of TIFF: width and height of the image and of its tiles
SIZES_OF_TIFF = (256, 257, 322, 323)


def tiff_pixels(content: bytes) -> int | None:
    """Return the pixels of a TIFF's image or tile, whichever has more; None if it is no TIFF.

    For pixel formats that Pillow does not know. If a tag occurs twice the larger value counts,
    since decoders differ in which they take.
    """
    order = {b'II*\0': '<', b'MM\0*': '>'}.get(content[:4])
    if order is None:
        return None
    most = dict.fromkeys(SIZES_OF_TIFF, 0)
    try:
        (start,) = struct.unpack_from(f'{order}I', content, 4)
        (entries,) = struct.unpack_from(f'{order}H', content, start)
        for index in range(entries):
            place = start + 2 + 12 * index
            tag, kind = struct.unpack_from(f'{order}HH', content, place)
            if tag in most:
                (value,) = struct.unpack_from(
                    order + ('H' if kind == 3 else 'I'), content, place + 8
                )
                most[tag] = max(most[tag], value)
    except struct.error:  # cut off
        return None
    width, height, tile_width, tile_height = most.values()
    return max(width * height, tile_width * tile_height)


def is_heif(source: str | os.PathLike | BinaryIO) -> bool:
    """Tell whether a file is a HEIC photo."""
    if isinstance(source, str | os.PathLike):
        with open(source, 'rb') as file:
            head = file.read(12)
    else:
        head = head_of(source, 12)
    return head[4:8] == b'ftyp' and head[8:12] in _HEIF_BRANDS


def head_of(file: IO[bytes] | None, most: int = 2**16) -> bytes:
    """Return the first bytes of an open file and keep its position; b'' for a closed file."""
    if file is None or file.closed:  # Pillow closes it after decoding
        return b''
    before = file.tell()
    file.seek(0)
    head = file.read(most)
    file.seek(before)
    return head


def codestream_sizes(head: bytes) -> list[tuple[int, int]]:
    """Read the sizes of a JPEG 2000 image and of its tiles, as its decoder does."""
    start = head.find(b'\xff\x4f\xff\x51')
    if start < 0 or len(head) < start + 40:
        return []
    numbers = [
        int.from_bytes(head[start + 8 + 4 * i : start + 12 + 4 * i], 'big') for i in range(8)
    ]
    width, height, left, top, tile_width, tile_height = numbers[:6]
    return [(width - left, height - top), (min(tile_width, width), min(tile_height, height))]
