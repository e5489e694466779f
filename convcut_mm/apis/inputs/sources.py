"""What a user may ask about, taken apart into images and videos."""

import os
import re
from collections.abc import Iterable, Iterator
from numbers import Integral
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
from PIL import Image

from ...errors import ConvcutError
from .animation import Animation
from .images import DATA_PREFIX, URL_PREFIXES, read, source_name
from .kinds import (
    STREAM_PREFIXES,
    WEBCAM,
    is_image_name,
    is_media_name,
    is_video_name,
    webcam_number,
)
from .pixels import from_tensor, is_tensor

FILE_PREFIX = 'file://'
_SCHEME = re.compile(r'([a-zA-Z][a-zA-Z0-9+.-]+)(://)|(data)(:)', re.IGNORECASE)


class Source(NamedTuple):
    """One image or video.

    Attributes:
        name (str): What results call it.
        value (Any): For :func:`read_image` or :class:`Video`.
        is_video (bool): Whether it is a video, a stream or a webcam.
    """

    name: str
    value: Any
    is_video: bool = False


def list_sources(inputs: Any) -> list[Source]:
    """Split inputs into sources.

    Args:
        inputs: A path, URL (``http``, ``https``, ``file``, ``data``), array, tensor, PIL image,
            the bytes of an image file, an open file, a folder (all images and videos in it and
            below it, by name), 'webcam' or 'webcam:1' or the webcam's number, or a list,
            generator, column of a table or array of these. An array with four axes holds
            several images.

    Returns:
        list[Source]: In the order given; files that are missing or broken are among them.

    Raises:
        ConvcutError: Something that can't be an image or video, or a folder without any.
    """
    return list(iter_sources(inputs))


def iter_sources(inputs: Any) -> Iterator[Source]:
    """One source after the other, so that a generator need not end; see :func:`list_sources`."""
    number = 0
    for item in _items(inputs):
        for source in _sources_of(item, f'image {number}'):
            yield source
            number += 1


def _items(inputs: Any) -> Iterable:
    if isinstance(inputs, np.ndarray) and inputs.dtype.kind in 'OUS' and inputs.ndim:
        return inputs.ravel().tolist()
    if type(inputs).__name__ == 'DataFrame':  # a loop over it gives its columns' names
        raise ConvcutError("a DataFrame is no image; give the column of paths: table['path']")
    alone = (str, bytes, bytearray, memoryview, os.PathLike, np.ndarray, dict)
    if isinstance(inputs, (*alone, Image.Image)) or is_tensor(inputs) or hasattr(inputs, 'read'):
        return [inputs]
    return inputs if isinstance(inputs, Iterable) else [inputs]


def _sources_of(item: Any, name: str) -> list[Source]:
    if is_tensor(item):
        item = from_tensor(item)
    if isinstance(item, np.ndarray):
        if item.ndim == 4:
            return [Source(f'{name}[{index}]', image) for index, image in enumerate(item)]
        return [Source(name, item)]
    if isinstance(item, (bytes, bytearray, memoryview)):
        return [Source(name, bytes(item))]
    if isinstance(item, Image.Image):
        return [Source(getattr(item, 'filename', '') or name, item)]
    if isinstance(item, Integral) and not isinstance(item, bool):
        if item < 0:
            raise ConvcutError(f'webcam {item}: expected a number from 0')
        return [Source(f'{WEBCAM}:{item}', int(item), True)]
    if isinstance(item, (str, os.PathLike)):
        return _sources_at(os.fspath(item))
    if hasattr(item, 'read'):
        path = source_name(item)
        if is_video_name(path) and os.path.isfile(path):
            return _sources_at(path)  # FFmpeg wants the path
        return [Source(name if path == 'image' else path, item)]
    raise ConvcutError(
        f'{name}: a {type(item).__name__} is no image; expected a path, URL, folder, array '
        '(height, width, 3), tensor, PIL image, open file, video, webcam, or a list of these'
    )


def _sources_at(path: str | bytes) -> list[Source]:
    path = os.fsdecode(path)
    if not path.strip():
        raise ConvcutError(f'"{path}": an empty path; expected a file, folder or URL (. is here)')
    number = webcam_number(path)
    if number is not None:
        return [Source(f'{WEBCAM}:{number}', number, True)]
    scheme = _SCHEME.match(path)
    if scheme:
        start = scheme.group().lower()
        return _sources_at_url(start + path[scheme.end() :], start)
    folder = os.path.expanduser(path)
    if not os.path.isdir(folder):
        return [Source(path, folder, is_video_name(path))]
    files = [file for file in files_below(Path(folder)) if is_media_name(file)]
    if not files:
        raise ConvcutError(f'{path}: no images or videos in this folder')
    return [Source(str(file), str(file), is_video_name(file)) for file in files]


def _sources_at_url(url: str, start: str) -> list[Source]:
    if start == DATA_PREFIX:
        return [Source(source_name(url), url)]
    if start in URL_PREFIXES:
        # what follows ? is no part of the file's name
        return [Source(url, url, is_video_name(url.split('?')[0]))]
    if start in STREAM_PREFIXES:
        return [Source(url, url, True)]
    if start == FILE_PREFIX:
        parts = urlsplit(url)
        if parts.netloc not in ('', 'localhost') or parts.path in ('', '/'):
            raise ConvcutError(f'{url}: expected file:///PATH')
        return _sources_at(url2pathname(parts.path))
    raise ConvcutError(
        f'{url}: cannot be read from there; expected http, https, file or data, or for videos '
        'rtsp, rtmp or udp'
    )


def files_below(folder: Path) -> list[Path]:
    """All files of a folder and its subfolders by name, without hidden ones.

    Pipes, devices and links to nothing are among them: whoever reads them says what they are.
    """
    return sorted(
        file
        for file in folder.rglob('*')
        if not any(part.startswith('.') for part in file.relative_to(folder).parts)
        and not file.is_dir()
    )


def as_video(source: Source) -> Source:
    """A source of which a path is a video unless it is called like an image."""
    is_path = isinstance(source.value, str) and not source.value.startswith(DATA_PREFIX)
    if not is_path or is_image_name(source.name.split('?')[0]):
        return source
    return source._replace(is_video=True)


def read_still(source: Source, max_pixels: int) -> np.ndarray:
    """Read the single image of a source, (H, W, 3) uint8, red, green, blue.

    Raises:
        ConvcutError: A video, or an image with several frames; see also :func:`read_image`.
    """
    if source.is_video:
        raise ConvcutError(f'{source.name}: a video; classify takes images of faces')
    image = read(source.value, source.name, max_pixels)
    if isinstance(image, Animation):
        raise ConvcutError(f'{source.name}: several frames; classify takes single images')
    return image
