"""Images as users have them, read as upright RGB: files, URLs, bytes, arrays and PIL images."""

import io
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from ...errors import ConvcutError
from ...utils import image_files
from ...utils.download import fetch
from ...utils.image_files import MAX_PIXELS
from ...utils.image_headers import tiff_pixels
from ...utils.text import first_line
from .animation import Animation, is_animated
from .pixels import ORIENTATION, from_array, from_pil, from_tensor, is_tensor, load_quietly

URL_PREFIXES = ('http://', 'https://')
DATA_PREFIX = 'data:'
LARGEST_DOWNLOAD = 100 * 2**20  # bytes; more is no photo
PNG, PNG_GREY = b'\x89PNG\r\n\x1a\n', 0
TIFF_BITS = 258  # a tag
UPRIGHT = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR  # OpenCV turns a TIFF by its tag then


def read_image(
    source: Any, max_pixels: int = MAX_PIXELS, max_value: float | None = None
) -> np.ndarray:
    """Read an image of any kind.

    Photos are turned upright by their EXIF tag; grey, palette, CMYK and 16-bit images become RGB
    with 8 bits; what is transparent becomes white. Of several frames the first is read.

    Args:
        source (str | PathLike | bytes | BinaryIO | ndarray | Tensor | Image): A file, a URL
            (``http``, ``https``, ``data``), the bytes of an image file, an open one, a PIL image,
            or an array: (H, W), (H, W, 1), (H, W, 3) in the order red, green, blue, or (H, W, 4)
            with alpha; integers, or floats from 0 to 1 or 0 to 255. A tensor may be (3, H, W).
        max_pixels (int): Width times height that a file may have; larger ones are refused before
            they are decoded. Defaults to 120 million.
        max_value (float, optional): The value of white in arrays and in files with more than 8
            bits, such as 1023 for 10 bits. Defaults to None: 65535 for 16 bits.

    Returns:
        ndarray: (H, W, 3) uint8, red, green, blue.

    Raises:
        ConvcutError: No such file, no regular one, an empty or damaged one, too many pixels, no
            image; the message names it.
    """
    name = source_name(source)
    image = read(source, name, max_pixels, max_value)
    if not isinstance(image, Animation):
        return image
    for frame in image:
        return frame.image
    raise ConvcutError(f'{name}: not a whole image file ({image.problem})')


def read(
    source: Any, name: str, max_pixels: int = MAX_PIXELS, max_value: float | None = None
) -> np.ndarray | Animation:
    """Read an image, or open it if it has several frames; see :func:`read_image`."""
    try:
        if is_tensor(source):
            source = from_tensor(source)
        if isinstance(source, np.ndarray):
            return from_array(source, max_value, name)
        if isinstance(source, Image.Image):
            if isinstance(source, ImageFile):
                image_files.check_size(source, max_pixels)
            image_files.check_pixels(*source.size, max_pixels)
            with _whole(name):
                return from_pil(source, max_value, name)
        return _decode(_content(source, name), name, max_pixels, max_value)
    except ConvcutError as error:
        if f'{error}'.startswith(name):
            raise
        raise ConvcutError(f'{name}: {error}') from None


def source_name(source: Any) -> str:
    """What messages call a source: its path or URL, else 'image'."""
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        return name if not name.startswith(DATA_PREFIX) else name.split(',')[0][:40]
    name = getattr(source, 'filename', None) or getattr(source, 'name', None)
    return name if isinstance(name, str) and name else 'image'


def _content(source: Any, name: str) -> bytes:
    if isinstance(source, (bytes, bytearray, memoryview)):
        source = io.BytesIO(source)
    if hasattr(source, 'read'):
        if source.seekable():
            source.seek(0)  # who wrote into it left it at its end
        if not isinstance(source.read(0), bytes):
            raise ConvcutError(f"{name}: opened as text; open it by open(path, 'rb')")
        return image_files.read_limited(source, name)
    path = os.fspath(source)
    if path.startswith(URL_PREFIXES):
        return fetch(path, LARGEST_DOWNLOAD)
    if path.startswith(DATA_PREFIX):
        try:
            with urllib.request.urlopen(path) as opened:
                return opened.read()
        except ValueError as error:
            raise ConvcutError(f'{name}: not a data URL ({error})') from None
    return image_files.read_file(path)


def _decode(
    content: bytes, name: str, max_pixels: int, max_value: float | None
) -> np.ndarray | Animation:
    try:
        with _whole(name):
            image = image_files.open_image(io.BytesIO(content), max_pixels)
            if is_animated(image):
                return Animation(image, name, max_pixels, max_value)
            with image:
                # of 16 bits a colour Pillow keeps the upper 8, which 10 and 12 bits leave empty
                if not _has_deep_colours(image, content) or 'transparency' in image.info:
                    return from_pil(image, max_value, name)
                load_quietly(image)  # OpenCV takes half a file for a whole one
                format, orientation = image.format, image.getexif().get(ORIENTATION, 1)
                image.close()  # makes room
                if format == 'TIFF':
                    return _tiff_by_opencv(content, name, max_pixels, max_value)
                return _by_opencv(content, cv2.IMREAD_UNCHANGED, name, max_value, orientation)
    except UnidentifiedImageError:
        # Pillow knows no TIFF with 16 bits a colour
        if tiff_pixels(content) is None:
            raise ConvcutError(f'{name}: {image_files.NO_IMAGE}') from None
        return _tiff_by_opencv(content, name, max_pixels, max_value)


@contextmanager
def _whole(name: str) -> Iterator[None]:
    """Say in one line what is wrong with a file that Pillow can't decode."""
    try:
        yield
    except (ConvcutError, UnidentifiedImageError):
        raise
    except Exception as error:
        # each of Pillow's decoders has errors of its own for damaged files
        raise ConvcutError(f'{name}: not a whole image file ({first_line(error)})') from None


def _has_deep_colours(image: Image.Image, content: bytes) -> bool:
    """Whether it is a PNG or TIFF with 16 bits for each of several channels."""
    if isinstance(image, TiffImageFile):
        return len(image.getbands()) > 1 and 16 in image.tag_v2.get(TIFF_BITS, ())
    return content[:8] == PNG and content[24] == 16 and content[25] != PNG_GREY


def _tiff_by_opencv(
    content: bytes, name: str, max_pixels: int, max_value: float | None
) -> np.ndarray:
    pixels = tiff_pixels(content)
    if pixels is None or pixels > max_pixels:  # Pillow may have read another size
        raise image_files.too_large(None, max_pixels)
    return _by_opencv(content, UPRIGHT, name, max_value)


def _by_opencv(
    content: bytes, flags: int, name: str, max_value: float | None, orientation: int = 1
) -> np.ndarray:
    with quiet_opencv():
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    if image is None:
        raise ConvcutError(f'{name}: {image_files.NO_IMAGE}')
    if image.ndim == 3:  # blue first; in its place, for a copy may take a gigabyte
        turn = cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
        cv2.cvtColor(image, turn, dst=image)
    result = from_array(image, max_value, name)
    if orientation == 1:
        return result
    turned = Image.fromarray(result)
    turned.getexif()[ORIENTATION] = orientation
    return from_pil(turned)


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """OpenCV prints nothing about broken files: they are reported in our own words."""
    log = cv2.utils.logging
    before = log.getLogLevel()
    log.setLogLevel(log.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        log.setLogLevel(before)
