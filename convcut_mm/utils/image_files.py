"""Check untrusted image files, their format and their size, before a decoder runs."""

import os
import re
import stat
import warnings
from functools import lru_cache
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from ..errors import ConvcutError
from .image_headers import SIZES_OF_TIFF, codestream_sizes, head_of, is_heif
from .text import first_line

MAX_PIXELS = 120_000_000  # phones take 108 megapixels; 1 GB of memory, 2 GB with 16-bit colours
LARGEST_FILE = 512 * 2**20  # bytes, enough for MAX_PIXELS uncompressed
# not EPS, which starts Ghostscript, nor ICO, whose header does not tell the size of its image
FORMATS = (
    *('AVIF', 'BMP', 'DIB', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'PPM', 'TGA', 'TIFF', 'WEBP'),
)
# suffixes of image files
IMAGE_SUFFIXES = frozenset(
    '.avif .bmp .dib .gif .heic .heif .jfif .jp2 .jpe .jpeg .jpg .pbm .pgm .png .pnm .ppm .tga '
    '.tif .tiff .webp'.split()
)
# suffixes of images in data sets, which both Pillow and OpenCV decode
TRAINING_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
NO_IMAGE = 'not an image (JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, HEIC, JPEG 2000, PPM, TGA)'
NEEDS_HEIF = 'a HEIC photo needs the package pillow-heif (pip install pillow-heif)'
MOST_SCANS = 100  # of a JPEG, usually ten; each takes a pass over the whole image
_SCAN_MARKER = b'\xff\xda'
_SCAN = re.compile(rb'\xff\xda\x00[\x08\x0a\x0c\x0e][\x01-\x04]')


def read_file(path: str | os.PathLike, most: int = LARGEST_FILE) -> bytes:
    """Read a regular file.

    Args:
        path (str | PathLike): The file.
        most (int): Maximum size in bytes. Defaults to 512 MiB.

    Raises:
        ConvcutError: It is missing, not a regular file, empty or too large.
    """
    check_file(path)
    try:
        if os.path.getsize(path) > most:
            raise _too_many_bytes(f'{path}', most)
        with open(path, 'rb') as file:
            return read_limited(file, f'{path}', most)
    except OSError as error:
        raise ConvcutError(f'{path}: cannot be read ({error.strerror})') from None


def read_limited(file: BinaryIO, name: str, most: int = LARGEST_FILE) -> bytes:
    """Read an open file of at most ``most`` bytes.

    Raises:
        ConvcutError: The file is empty or too large.
    """
    content = file.read(most + 1)
    if len(content) > most:
        raise _too_many_bytes(name, most)
    if not content:
        raise ConvcutError(f'{name}: an empty file (0 bytes)')
    return content


def _too_many_bytes(name: str, most: int) -> ConvcutError:
    return ConvcutError(f'{name}: larger than {most // 2**20} MiB, which is the limit here')


def check_file(path: str | os.PathLike, name: str = '', may_be_empty: bool = False) -> None:
    """Check that a path is a regular file, without opening it: reading a pipe may never end.

    Args:
        path (str | PathLike): The file.
        name (str): Name of the file in the error. Defaults to the path.
        may_be_empty (bool): Accept an empty file. Defaults to False.

    Raises:
        ConvcutError: It is missing, empty, or a folder, pipe, socket or device.
    """
    name = name or f'{path}'
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise ConvcutError(f'{name}: no such file') from None
    except OSError as error:
        raise ConvcutError(f'{name}: cannot be read ({error.strerror})') from None
    except ValueError:  # a null byte
        raise ConvcutError(f'{name}: not the name of a file (it holds a null byte)') from None
    if stat.S_ISDIR(status.st_mode):
        raise ConvcutError(f'{name}: a folder; expected a file')
    if not stat.S_ISREG(status.st_mode):
        raise ConvcutError(f'{name}: a pipe, socket or device; expected a file, so save it first')
    if not status.st_size and not may_be_empty:
        raise ConvcutError(f'{name}: an empty file (0 bytes)')


def open_image(source: str | os.PathLike | BinaryIO, max_pixels: int = MAX_PIXELS) -> ImageFile:
    """Open an image if its header says that decoding needs bounded memory and time.

    Args:
        source (str | PathLike | BinaryIO): A file.
        max_pixels (int): Maximum of width times height. Defaults to 120 million.

    Returns:
        ImageFile: Pillow's image, for the caller to close; its pixels are not decoded yet.

    Raises:
        ConvcutError: The image has too many pixels or scans.
        UnidentifiedImageError: The format is none of ``FORMATS``.
    """
    if max_pixels > 2 * (Image.MAX_IMAGE_PIXELS or max_pixels):
        Image.MAX_IMAGE_PIXELS = max_pixels  # the caller allows more than Pillow does
    Image.init()
    formats = [name for name in FORMATS if name in Image.OPEN]  # older Pillows lack AVIF
    if is_heif(source):
        register_heif()
        formats = ['HEIF']
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # damage that matters raises an error
        try:
            image = Image.open(source, formats=formats)
        except Image.DecompressionBombError:
            raise too_large(None, max_pixels) from None
    try:
        check_size(image, max_pixels)
    except ConvcutError:
        image.close()
        raise
    return image


def check_size(image: ImageFile, max_pixels: int) -> None:
    """Raise a ConvcutError for an open image with too many pixels or scans."""
    sizes = [image.size]
    if isinstance(image, TiffImageFile):
        # the decoder allocates a whole tile, even if the image is smaller
        tags = image.tag_v2
        sizes.append(tuple(tags.get(tag, 0) for tag in SIZES_OF_TIFF[2:]))
    elif image.format == 'JPEG2000':
        sizes.extend(codestream_sizes(head_of(image.fp)))
    for width, height in sizes:
        check_pixels(width, height, max_pixels)
    if image.format in ('JPEG', 'MPO'):
        content = head_of(image.fp, LARGEST_FILE)
        # the quick count first; pixels may contain the marker by chance
        if content.count(_SCAN_MARKER) > MOST_SCANS:
            scans = sum(1 for _ in _SCAN.finditer(content))
            if scans > MOST_SCANS:
                raise ConvcutError(f'{scans} scans; a JPEG may have {MOST_SCANS} here')


def check_pixels(width: float, height: float, max_pixels: int) -> None:
    """Raise a ConvcutError for an image or frame with too many pixels."""
    if width * height > max_pixels:
        raise too_large((int(width), int(height)), max_pixels)


def too_large(size: tuple[int, int] | None, max_pixels: int) -> ConvcutError:
    """Return the error for an image with too many pixels."""
    what = 'more' if size is None else f'{size[0]} x {size[1]} pixels, more'
    return ConvcutError(
        f'{what} than the {max_pixels / 1e6:g} megapixels that are decoded (max_pixels)'
    )


@lru_cache(maxsize=2**18)
def check_image_file(path: str) -> None:
    """Check that an image of a data set is safe to decode, once per process.

    Raises:
        ConvcutError: It has too many pixels, or is a pipe or device. Missing and damaged files
            pass: the decoder reports them.
    """
    if not os.path.exists(path):
        return
    check_file(path, may_be_empty=True)
    try:
        with open_image(path):
            pass
    except ConvcutError as error:
        raise ConvcutError(f'{path}: {error}') from None
    except Exception:  # each format in Pillow raises other errors for a damaged header
        pass


def damage(path: str | os.PathLike) -> str | None:
    """Describe why an image file cannot be decoded, in a few words; None if it is whole."""
    try:
        check_file(path, may_be_empty=True)
        with open_image(path) as image:
            image.load()
    except UnidentifiedImageError:
        return 'not an image' if os.path.getsize(path) else 'empty file'
    except Exception as error:  # each decoder raises other errors
        return first_line(error).removeprefix(f'{path}: ')
    return None


def register_heif() -> None:
    """Register the HEIC format with Pillow.

    Raises:
        ConvcutError: pillow-heif is not installed.
    """
    try:
        import pillow_heif
    except ImportError:
        raise ConvcutError(NEEDS_HEIF) from None
    pillow_heif.register_heif_opener()
