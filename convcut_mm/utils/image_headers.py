"""What the first bytes of an image file say, for the formats of which Pillow does not tell."""

import os
import struct
from typing import BinaryIO

_HEIF_BRANDS = (b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'mif1', b'msf1')
# tags of TIFF: width and height of the image and of its tiles
SIZES_OF_TIFF = (256, 257, 322, 323)


def tiff_pixels(content: bytes) -> int | None:
    """The most pixels that a TIFF's header asks for, image or tile; None if it is no TIFF.

    For the kinds of pixels that Pillow does not know. Of a tag that comes twice the larger value
    counts, since decoders differ in which they take.
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
    """Whether a file is a HEIC photo."""
    if hasattr(source, 'read'):
        head = head_of(source, 12)
    else:
        with open(source, 'rb') as file:
            head = file.read(12)
    return head[4:8] == b'ftyp' and head[8:12] in _HEIF_BRANDS


def head_of(file: BinaryIO | None, most: int = 2**16) -> bytes:
    """The first bytes of an open file, which stays where it is; none of a closed one."""
    if file is None or file.closed:  # decoded already
        return b''
    before = file.tell()
    file.seek(0)
    head = file.read(most)
    file.seek(before)
    return head


def codestream_sizes(head: bytes) -> list[tuple[int, int]]:
    """Sizes of the image and of its tiles as JPEG 2000's own decoder reads them."""
    start = head.find(b'\xff\x4f\xff\x51')
    if start < 0 or len(head) < start + 40:
        return []
    numbers = [
        int.from_bytes(head[start + 8 + 4 * i : start + 12 + 4 * i], 'big') for i in range(8)
    ]
    width, height, left, top, tile_width, tile_height = numbers[:6]
    return [(width - left, height - top), (min(tile_width, width), min(tile_height, height))]
