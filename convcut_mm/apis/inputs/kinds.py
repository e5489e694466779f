"""What an input is by its name: an image, a video, a stream, a webcam."""

from pathlib import Path

from ...errors import ConvcutError
from ...utils.image_files import IMAGE_SUFFIXES

VIDEO_SUFFIXES = frozenset(
    '.3gp .asf .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .vob .webm '
    '.wmv'.split()
)
STREAM_PREFIXES = ('rtsp://', 'rtmp://', 'udp://')
WEBCAM = 'webcam'


def is_video_name(path: str | Path) -> bool:
    """Whether a file's name ends like a video's."""
    return Path(path).suffix.lower() in VIDEO_SUFFIXES


def is_media_name(path: str | Path) -> bool:
    """Whether a file's name ends like an image's or a video's."""
    return is_video_name(path) or is_image_name(path)


def is_image_name(path: str | Path) -> bool:
    """Whether a file's name ends like an image's."""
    return Path(path).suffix.lower() in IMAGE_SUFFIXES


def webcam_number(text: str) -> int | None:
    """Number of the webcam that 'webcam' (0) or 'webcam:1' names, None for other texts."""
    word, _, number = text.partition(':')
    if word != WEBCAM:
        return None
    if number and not (number.isascii() and number.isdecimal() and len(number) < 5):
        raise ConvcutError(f'{text}: expected webcam or webcam:NUMBER')
    return int(number or 0)


def is_live(value: str | int) -> bool:
    """Whether a video's value is a webcam's number or a stream's URL, which have no end."""
    return isinstance(value, int) or str(value).startswith(STREAM_PREFIXES)
