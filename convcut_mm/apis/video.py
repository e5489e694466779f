"""Videos and webcams, frame by frame, so that a long one takes no more memory than a short one."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Optional, Union

import cv2
import numpy as np

from ..errors import ConvcutError
from .images import URL_PREFIXES, quiet_opencv
from .sources import STREAM_PREFIXES

# problems are said in our own words; FFmpeg reads this when the first video is opened
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
# containers round what they say about their length
TOLERATED_LOSS = 0.02
TOLERATED_FRAMES = 2
USUAL_RATE = 25.0  # frames a second, where the file does not say


class Frame(NamedTuple):
    """A frame of a video.

    Attributes:
        index (int): Number from 0.
        time (float): Seconds from the start.
        image (ndarray): (H, W, 3) uint8, red, green, blue.
    """

    index: int
    time: float
    image: np.ndarray


class Video:
    """A video file, a stream or a webcam. Iterate over it once.

    Args:
        source (str | int): Path, URL, or the number of a webcam.
        name (str, optional): What errors call it. Defaults to the source.

    Attributes:
        rate (float): Frames a second.
        frames (int | None): How many frames the file says that it has; None for a webcam.
        problem (str | None): After the iteration: what was missing, in a few words.

    Raises:
        ConvcutError: No such file, or nothing that can be played.
    """

    def __init__(self, source: Union[str, int], name: Optional[str] = None) -> None:
        self.name = name or str(source)
        self.is_live = isinstance(source, int) or str(source).startswith(STREAM_PREFIXES)
        _check(source, self.name)
        with quiet_opencv():
            self._capture = cv2.VideoCapture(source)
        if not self._capture.isOpened():
            what = 'no such webcam' if isinstance(source, int) else 'not a video that can be read'
            raise ConvcutError(f'{self.name}: {what}')
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = float(rate) if 0 < rate <= 1000 else USUAL_RATE
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.frames = count if count > 0 and not self.is_live else None
        self.problem: Optional[str] = None

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from self._read()
        finally:
            self.close()

    def _read(self) -> Iterator[Frame]:
        index, time = 0, 0.0
        while True:
            try:
                read, image = self._capture.read()
            except Exception as error:  # cv2.error, for example for a camera that was pulled out
                read, self.problem = False, f'stopped at frame {index} ({_line(error)})'
            if not read:
                break
            # phones record with a rate that changes, so the file's own times go first
            stamp = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            time = stamp if index and stamp > time else index / self.rate
            yield Frame(index, time, np.ascontiguousarray(image[..., ::-1]))
            index += 1
        if self.problem is None:
            self.problem = self._loss(index)

    def _loss(self, read: int) -> Optional[str]:
        if self.is_live:
            return None
        if read == 0:
            return 'no frame can be read'
        missing = (self.frames or 0) - read
        if missing > max(TOLERATED_FRAMES, TOLERATED_LOSS * (self.frames or 0)):
            return f'ends early: {read} of {self.frames} frames can be read'
        return None

    def close(self) -> None:
        """Closes the file or camera."""
        self._capture.release()


def _check(source: Union[str, int], name: str) -> None:
    if isinstance(source, int) or str(source).startswith((*URL_PREFIXES, *STREAM_PREFIXES)):
        return
    path = Path(source)
    if not path.is_file():
        raise ConvcutError(f'{name}: no such file')
    if path.stat().st_size == 0:
        raise ConvcutError(f'{name}: an empty file (0 bytes)')


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
