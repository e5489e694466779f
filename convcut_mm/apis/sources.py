"""What a user may ask about, taken apart into images and videos."""

from pathlib import Path
from typing import Any, NamedTuple, Union

import numpy as np
from PIL import Image

from ..errors import ConvcutError
from .images import URL_PREFIXES

VIDEO_SUFFIXES = frozenset(
    '.3gp .asf .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .vob .webm '
    '.wmv'.split()
)
IMAGE_SUFFIXES = frozenset(
    '.avif .bmp .dib .gif .heic .heif .jfif .jp2 .jpe .jpeg .jpg .pbm .pgm .png .pnm .ppm .tga '
    '.tif .tiff .webp'.split()
)
STREAM_PREFIXES = ('rtsp://', 'rtmp://', 'udp://')
WEBCAM = 'webcam'


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


def list_sources(inputs: Any) -> list:
    """Takes inputs apart.

    Args:
        inputs: A path, URL, array, PIL image, the bytes of an image file, a folder (all images and
            videos in it and below it, by name), 'webcam' or 'webcam:1' or the webcam's number, or
            a list or tuple of these.

    Returns:
        list[Source]: In the order given; files that are missing or broken are among them.

    Raises:
        ConvcutError: Something that can't be an image or video, or a folder without any.
    """
    many = isinstance(inputs, (list, tuple))
    sources: list = []
    for item in inputs if many else [inputs]:
        sources.extend(_sources_of(item, f'image {len(sources)}'))
    return sources


def _sources_of(item: Any, name: str) -> list:
    if isinstance(item, np.ndarray) and item.ndim == 4:
        return [Source(f'{name}[{index}]', image) for index, image in enumerate(item)]
    if isinstance(item, (np.ndarray, bytes)):
        return [Source(name, item)]
    if isinstance(item, Image.Image):
        return [Source(getattr(item, 'filename', '') or name, item)]
    if isinstance(item, int) and not isinstance(item, bool):
        return [Source(f'{WEBCAM}:{item}', item, True)]
    if isinstance(item, (str, Path)):
        return _sources_at(str(item))
    raise ConvcutError(
        f'a {type(item).__name__} is no image; expected a path, URL, folder, array (height, '
        'width, 3), PIL image, video, webcam, or a list of these'
    )


def _sources_at(path: str) -> list:
    number = webcam_number(path)
    if number is not None:
        return [Source(f'{WEBCAM}:{number}', number, True)]
    if path.startswith(URL_PREFIXES):
        # what follows ? is no part of the file's name
        return [Source(path, path, is_video_name(path.split('?')[0]))]
    if path.startswith(STREAM_PREFIXES):
        return [Source(path, path, True)]
    folder = Path(path).expanduser()
    if not folder.is_dir():
        return [Source(path, str(folder), is_video_name(path))]
    files = [file for file in files_below(folder) if is_media_name(file)]
    if not files:
        raise ConvcutError(f'{path}: no images or videos in this folder')
    return [Source(str(file), str(file), is_video_name(file)) for file in files]


def files_below(folder: Path) -> list:
    """All files of a folder and its subfolders by name, without hidden ones."""
    return sorted(
        file
        for file in folder.rglob('*')
        if file.is_file()
        and not any(part.startswith('.') for part in file.relative_to(folder).parts)
    )


def is_video_name(path: Union[str, Path]) -> bool:
    """Whether a file's name ends like a video's."""
    return Path(path).suffix.lower() in VIDEO_SUFFIXES


def is_media_name(path: Union[str, Path]) -> bool:
    """Whether a file's name ends like an image's or a video's."""
    return is_video_name(path) or Path(path).suffix.lower() in IMAGE_SUFFIXES


def webcam_number(text: str) -> Union[int, None]:
    """Number of the webcam that 'webcam' (0) or 'webcam:1' names, None for other texts."""
    word, _, number = text.partition(':')
    if word != WEBCAM:
        return None
    if number and not number.isdecimal():
        raise ConvcutError(f'{text}: expected webcam or webcam:NUMBER')
    return int(number or 0)
