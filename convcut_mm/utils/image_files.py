"""Image files that nobody vouches for: what they are and how large, before a decoder runs."""

import os
import re
import stat
import warnings
from functools import lru_cache
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from ..errors import ConvcutError
from .image_headers import SIZES_OF_TIFF, codestream_sizes, head_of, is_heif
from .text import first_line

MAX_PIXELS = 120_000_000  # the 108 megapixels of a phone; one GB, two with 16 bits a colour
LARGEST_FILE = 512 * 2**20  # bytes; as many pixels uncompressed
# no EPS, which starts Ghostscript, and no ICO, whose header hides how large its image is
FORMATS = (
    *('AVIF', 'BMP', 'DIB', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'PPM', 'TGA', 'TIFF', 'WEBP'),
)
# what file names of images end in
IMAGE_SUFFIXES = frozenset(
    '.avif .bmp .dib .gif .heic .heif .jfif .jp2 .jpe .jpeg .jpg .pbm .pgm .png .pnm .ppm .tga '
    '.tif .tiff .webp'.split()
)
# of these, what data sets are made of: mmcv decodes them with Pillow and with OpenCV
TRAINING_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
NO_IMAGE = 'not an image (JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, HEIC, JPEG 2000, PPM, TGA)'
NEEDS_HEIF = 'a HEIC photo needs the package pillow-heif (pip install pillow-heif)'
MOST_SCANS = 100  # of a JPEG, ten are usual; each is a walk over the whole image
_SCAN_MARKER = b'\xff\xda'
_SCAN = re.compile(rb'\xff\xda\x00[\x08\x0a\x0c\x0e][\x01-\x04]')


def read_file(path: str | os.PathLike, most: int = LARGEST_FILE) -> bytes:
    """Read a regular file.

    Args:
        path (str | PathLike): The file.
        most (int): Bytes that it may have. Defaults to 512 MiB.

    Raises:
        ConvcutError: No such file, a folder, pipe or device, a file that is empty or too large.
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
    """Read an open file, not more than ``most`` bytes; see :func:`read_file`."""
    content = file.read(most + 1)
    if len(content) > most:
        raise _too_many_bytes(name, most)
    if not content:
        raise ConvcutError(f'{name}: an empty file (0 bytes)')
    return content


def _too_many_bytes(name: str, most: int) -> ConvcutError:
    return ConvcutError(f'{name}: larger than {most // 2**20} MiB, which is the limit here')


def check_file(path: str | os.PathLike, name: str = '', may_be_empty: bool = False) -> None:
    """Refuse what is no regular file, without opening it: a pipe may never answer.

    Raises:
        ConvcutError: No such file, a folder, pipe, socket or device, or an empty file.
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


def open_image(source: str | os.PathLike | BinaryIO, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Open an image whose header says that it can be decoded in bounded memory.

    Args:
        source (str | PathLike | BinaryIO): A file.
        max_pixels (int): Width times height that it may have. Defaults to 120 million.

    Returns:
        Image: Pillow's, to be closed; its pixels are not decoded yet.

    Raises:
        ConvcutError: Too many pixels, or other traits of files that are made to exhaust.
        UnidentifiedImageError: None of ``FORMATS``.
    """
    if max_pixels > 2 * (Image.MAX_IMAGE_PIXELS or max_pixels):
        Image.MAX_IMAGE_PIXELS = max_pixels  # whoever asks for more than Pillow's own limit
    Image.init()
    formats = [name for name in FORMATS if name in Image.OPEN]  # older ones know no AVIF
    if is_heif(source):
        register_heif()
        formats = ['HEIF']
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # what spoils pixels is an error too
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


def check_size(image: Image.Image, max_pixels: int) -> None:
    """Refuse an image of Pillow's that is too large to be decoded; see :func:`open_image`."""
    sizes = [image.size]
    if image.format == 'TIFF':
        # the decoder makes room for a whole tile, however small the image is
        tags = image.tag_v2
        sizes.append(tuple(tags.get(tag, 0) for tag in SIZES_OF_TIFF[2:]))
    elif image.format == 'JPEG2000':
        sizes.extend(codestream_sizes(head_of(image.fp)))
    for width, height in sizes:
        check_pixels(width, height, max_pixels)
    if image.format in ('JPEG', 'MPO'):
        content = head_of(image.fp, LARGEST_FILE)
        # the quick count first, which pixels may reach by chance
        if content.count(_SCAN_MARKER) > MOST_SCANS:
            scans = sum(1 for _ in _SCAN.finditer(content))
            if scans > MOST_SCANS:
                raise ConvcutError(f'{scans} scans; a JPEG may have {MOST_SCANS} here')


def check_pixels(width: float, height: float, max_pixels: int) -> None:
    """Raise :func:`too_large` for an image or frame of that size."""
    if width * height > max_pixels:
        raise too_large((int(width), int(height)), max_pixels)


def too_large(size: tuple | None, max_pixels: int) -> ConvcutError:
    """The error for more pixels than are decoded."""
    what = 'more' if size is None else f'{size[0]} x {size[1]} pixels, more'
    return ConvcutError(
        f'{what} than the {max_pixels / 1e6:g} megapixels that are decoded (max_pixels)'
    )


@lru_cache(maxsize=2**18)
def check_image_file(path: str) -> None:
    """Refuse an image file of a data set that must not be decoded; each is looked at once.

    Raises:
        ConvcutError: Too many pixels, a pipe or a device. Missing and damaged files pass: whoever
            decodes them says so.
    """
    if not os.path.exists(path):
        return
    check_file(path, may_be_empty=True)
    try:
        with open_image(path):
            pass
    except ConvcutError as error:
        raise ConvcutError(f'{path}: {error}') from None
    except Exception:  # each of Pillow's formats has errors of its own for damaged headers
        pass


def damage(path: str | os.PathLike) -> str | None:
    """What keeps an image file from being decoded, in a few words; None if it is whole."""
    try:
        check_file(path, may_be_empty=True)
        with open_image(path) as image:
            image.load()
    except UnidentifiedImageError:
        return 'not an image' if os.path.getsize(path) else 'empty file'
    except Exception as error:  # each decoder has errors of its own
        return first_line(error).removeprefix(f'{path}: ')
    return None


def register_heif() -> None:
    """Let Pillow open HEIC photos.

    Raises:
        ConvcutError: pillow-heif is not installed.
    """
    try:
        import pillow_heif
    except ImportError:
        raise ConvcutError(NEEDS_HEIF) from None
    pillow_heif.register_heif_opener()
