"""Images as users have them, read as upright RGB: files, URLs, bytes, arrays and PIL images."""

import http.client
import io
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import ConvcutError

URL_PREFIXES = ('http://', 'https://')
TIMEOUT = 30  # seconds that a server may be silent
LARGEST_DOWNLOAD = 100 * 2**20  # bytes; more is no photo


def read_image(source: Any) -> np.ndarray:
    """Reads an image of any kind.

    Photos are turned upright by their EXIF tag; grey, palette, CMYK and 16-bit images become RGB
    with 8 bits; what is transparent becomes white.

    Args:
        source (str | Path | bytes | ndarray | Image): A file, a URL, the bytes of an image file, a
            PIL image, or an array: (H, W), (H, W, 1), (H, W, 3) in the order red, green, blue, or
            (H, W, 4) with alpha; integers, or floats from 0 to 1 or 0 to 255.

    Returns:
        ndarray: (H, W, 3) uint8, red, green, blue.

    Raises:
        ConvcutError: No such file, an empty or damaged one, no image; the message names it.
    """
    if isinstance(source, np.ndarray):
        return from_array(source)
    if isinstance(source, Image.Image):
        return from_pil(source)
    if isinstance(source, bytes):
        return _decode(source, 'image')
    name = str(source)
    content = download(name) if name.startswith(URL_PREFIXES) else _read_file(Path(name))
    if not content:
        raise ConvcutError(f'{name}: an empty file (0 bytes)')
    return _decode(content, name)


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConvcutError(f'{path}: no such file') from None
    except OSError as error:
        raise ConvcutError(f'{path}: cannot be read ({error.strerror})') from None


def download(url: str) -> bytes:
    """Gets a file from a web server.

    Raises:
        ConvcutError: The server can't be reached or refuses, or the file is above 100 MiB.
    """
    # some servers refuse Python's own name
    request = urllib.request.Request(url, headers={'User-Agent': 'convcut_mm'})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            content = answer.read(LARGEST_DOWNLOAD + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise ConvcutError(f'{url}: cannot be downloaded ({reason})') from None
    if len(content) > LARGEST_DOWNLOAD:
        raise ConvcutError(f'{url}: larger than {LARGEST_DOWNLOAD // 2**20} MiB')
    return content


def _decode(content: bytes, name: str) -> np.ndarray:
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content)) as image:
            warnings.simplefilter('ignore')  # what spoils pixels is an error too
            image.load()
            return from_pil(image)
    except UnidentifiedImageError:
        # OpenCV reads some that Pillow does not, such as TIFF with 16 bits a colour
        with quiet_opencv():
            image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise ConvcutError(f'{name}: not an image{_hint(name)}') from None
        return np.ascontiguousarray(image[..., ::-1])
    except ConvcutError as error:
        raise ConvcutError(f'{name}: {error}') from None
    except Exception as error:
        # each of Pillow's decoders has errors of its own for damaged files
        reason = str(error).strip() or type(error).__name__
        raise ConvcutError(f'{name}: not a whole image file ({reason})') from None


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


def _hint(name: str) -> str:
    heic = Path(name).suffix.lower() in ('.heic', '.heif')
    return ' that can be read here; save HEIC photos as JPEG first' if heic else ''


def from_pil(image: Image.Image) -> np.ndarray:
    """A PIL image as upright RGB, (H, W, 3) uint8; see :func:`read_image`."""
    try:
        image = ImageOps.exif_transpose(image)
    except Exception:  # a damaged tag spoils no pixel
        pass
    if image.mode.startswith(('I', 'F')):  # Pillow cuts 16 bits off at 255
        return from_array(np.asarray(image))
    if image.mode in ('RGBA', 'LA', 'PA', 'RGBa', 'La') or 'transparency' in image.info:
        white = Image.new('RGBA', image.size, 'white')
        image = Image.alpha_composite(white, image.convert('RGBA'))
    return np.array(image.convert('RGB'))


def from_array(array: np.ndarray) -> np.ndarray:
    """An array as RGB, (H, W, 3) uint8; see :func:`read_image`."""
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or not array.size:
        raise ConvcutError(
            f'an array of shape {array.shape} is no image; expected (height, width) or '
            '(height, width, 3), red first'
        )
    array = _to_bytes(array)
    if array.shape[2] == 4:
        alpha = array[..., 3:].astype(np.float32) / 255
        array = (array[..., :3] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))


def _to_bytes(array: np.ndarray) -> np.ndarray:
    kind = array.dtype
    if kind == np.uint8:
        return array
    if kind.kind == 'b':
        return array.astype(np.uint8) * 255
    if kind.kind not in 'uif':
        raise ConvcutError(f'an array of {kind} is no image; expected numbers')
    values = np.nan_to_num(array.astype(np.float32), posinf=0, neginf=0)
    most = values.max()
    if kind.kind == 'f' and most <= 1:
        values = values * 255
    elif most > 255:
        values = values * (255 / 65535)  # 16 bits
    return values.clip(0, 255).round().astype(np.uint8)
