"""Reduce images to what their copies have in common: a hash of the pixels and a thumbnail."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from ...utils.image_files import open_image
from ...utils.progress import progress

SIDE = 16  # pixels of a thumbnail
HASH_BYTES = 16
_CHUNK = 64  # images that a thread decodes at a time: one at a time costs more than a small image
_SHOWN_FROM = 500  # images; fewer take less than a few seconds


class Signatures(NamedTuple):
    """What is compared of N images.

    Attributes:
        hashes: Hash of size and decoded RGB pixels, (N, 16) uint8.
        thumbnails: Grey, each pixel the mean of a cell, (N, 16, 16) uint8.
        readable: False for files that no decoder reads, (N,) bool.
    """

    hashes: np.ndarray
    thumbnails: np.ndarray
    readable: np.ndarray


def read_signatures(paths: Sequence[str]) -> Signatures:
    """Decode each image once.

    A damaged file is marked, not refused: who reads it later says what is wrong with it.

    Args:
        paths: Image files.
    """
    hashes = np.zeros((len(paths), HASH_BYTES), np.uint8)
    thumbnails = np.zeros((len(paths), SIDE, SIDE), np.uint8)
    readable = np.zeros(len(paths), bool)

    def read(start: int) -> int:
        stop = min(start + _CHUNK, len(paths))
        for i in range(start, stop):
            pixels = _decode(paths[i])
            if pixels is not None:
                hashes[i], thumbnails[i] = signature(pixels)
                readable[i] = True
        return stop - start

    shown = len(paths) >= _SHOWN_FROM
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,  # decoders release Python's lock
        progress('Looking for copies', len(paths), shown=shown) as step,
    ):
        for done in pool.map(read, range(0, len(paths), _CHUNK)):
            step(done)
    return Signatures(hashes, thumbnails, readable)


def signature(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Return hash (16,) and thumbnail (16, 16) of an image, both uint8."""
    rgb = image.convert('RGB')  # a grey file and a coloured one may have equal pixels
    content = b'%dx%d' % rgb.size + rgb.tobytes()
    digest = hashlib.blake2b(content, digest_size=HASH_BYTES).digest()
    small = rgb.convert('L').resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.frombuffer(digest, np.uint8), np.asarray(small)


def _decode(path: str) -> Image.Image | None:
    try:
        with open_image(path) as image:
            return ImageOps.exif_transpose(image)
    except Exception:  # each decoder raises other errors
        return None
