"""Videos and webcams, frame by frame, so that a long one takes no more memory than a short one."""

import math
import os
from collections.abc import Iterator

import cv2
import numpy as np

from ...errors import ConvcutError
from ...utils.image_files import MAX_PIXELS, check_file, check_pixels
from ...utils.text import first_line
from .frame import Frame
from .images import URL_PREFIXES, quiet_opencv
from .kinds import is_live

# problems are said in our own words; FFmpeg reads this when the first video is opened
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
# containers round what they say about their length
TOLERATED_LOSS = 0.02
TOLERATED_FRAMES = 2
USUAL_RATE = 25.0  # frames a second, where the file does not say
NO_VIDEO = 'not a video that can be read'
HEAD = 512  # bytes
TRIES = 50  # to read on behind a damaged part; each skips up to 64 frames


class Video:
    """A video file, a stream or a webcam. Iterate over it once.

    Times are the file's own, for phones and screen recorders change the rate as they go; where
    the file has none that grow, they follow from the rate.

    Args:
        source (str | int): Path, URL, or the number of a webcam.
        name (str, optional): What errors call it. Defaults to the source.
        max_pixels (int): Width times height that a frame may have. Defaults to 120 million.

    Attributes:
        rate (float): Frames a second, on average.
        frames (int | None): How many frames the file says that it has; None for a webcam. Some
            containers only know the length, and this is that times the rate.
        problem (str | None): After the iteration: what was missing, in a few words.

    Raises:
        ConvcutError: No such file, frames that are too large, or nothing that can be played.
    """

    def __init__(
        self, source: str | int, name: str | None = None, max_pixels: int = MAX_PIXELS
    ) -> None:
        self.name = name or str(source)
        self.is_live = is_live(source)
        is_file = not self.is_live and not str(source).startswith(URL_PREFIXES)
        if is_file:
            _check(str(source), self.name)
        with quiet_opencv():
            self._capture = cv2.VideoCapture(source, _reader(is_file))
        if not self._capture.isOpened():
            what = 'no such webcam' if isinstance(source, int) else NO_VIDEO
            raise ConvcutError(f'{self.name}: {what}')
        self._max_pixels = max_pixels
        try:
            self._check_size()
        except ConvcutError as error:
            self.close()
            raise ConvcutError(f'{self.name}: {error}') from None
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = float(rate) if 0 < rate <= 1000 else USUAL_RATE
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        known = math.isfinite(count) and count >= 1 and not self.is_live
        self.frames = int(count) if known else None
        self.problem: str | None = None

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from self._read()
        finally:
            self.close()

    def _read(self) -> Iterator[Frame]:
        index, times = 0, _Times(self.rate, self.frames, self.is_live)
        tries = TRIES
        while True:
            try:
                read, image = self._capture.read()
                self._check_size()
            except Exception as error:  # cv2.error, for example for a camera that was pulled out
                read, self.problem = False, f'stopped at frame {index} ({first_line(error)})'
            if not read:
                tries -= 1
                # behind a damaged part the rest can be read
                if self.problem is None and tries and times.missing() and not self.is_live:
                    continue
                break
            tries = TRIES
            time = times.next(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            yield Frame(index, time, np.ascontiguousarray(image[..., ::-1]))
            index += 1
        if self.problem is None and not self.is_live:
            self.problem = times.loss()

    def _check_size(self) -> None:
        width, height = (
            self._capture.get(which)
            for which in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        check_pixels(width, height, self._max_pixels)

    def close(self) -> None:
        """Close the file or camera."""
        self._capture.release()


class _Times:
    """Times of a video's frames, and what they say about frames that are missing."""

    def __init__(self, rate: float, frames: int | None, is_live: bool) -> None:
        self.step = 1 / rate
        self.expected = frames
        self.end = math.inf if frames is None else frames * self.step  # by the header
        self.tolerated = max(TOLERATED_FRAMES, TOLERATED_LOSS * (frames or 0))
        self.read = 0
        self.last: float | None = None
        # a camera counts from when the machine was started
        self.origin: float | None = None if is_live else 0.0
        self.hole = (0.0, 0.0)  # the longest time without a frame

    def next(self, stamp: float) -> float:
        """The time of the next frame, whose own time is ``stamp``."""
        if self.origin is None:
            self.origin = stamp if math.isfinite(stamp) else 0.0
        stamp -= self.origin
        before = -self.step if self.last is None else self.last
        # a file may say anything: times grow, and end where the header says, or a bit later
        good = before < stamp <= self.end * (1 + TOLERATED_LOSS) + self.step
        time = stamp if good and stamp >= 0 else before + self.step
        if time - before > self.hole[1] - self.hole[0]:
            self.hole = before, time
        self.last = time
        self.read += 1
        return time

    def missing(self) -> int:
        """How many frames are missing so far, 0 where that is no more than containers round."""
        missing = (self.expected or 0) - self.read
        return missing if missing > self.tolerated else 0

    def loss(self) -> str | None:
        """What is missing, in a few words; None if nothing is."""
        if self.last is None:
            return 'no frame can be read'
        expected, missing = self.expected, self.missing()
        if not missing:
            return None
        count = f'{self.read} of {expected} frames can be read'
        start, end = self.hole
        if (end - start) / self.step - 1 >= missing / 2:
            where = f'from {start:.1f} to {end:.1f} s' if start >= 0 else f'before {end:.1f} s'
            return f'incomplete: {count}, none {where}'
        # the last frame may stay as long as any other
        if (self.end - self.last - (end - start)) / self.step > self.tolerated:
            return f'ends early: {count}'
        return None  # its rate changes, and the count was only the length times the rate


def _reader(is_file: bool) -> int:
    """OpenCV's readers: of files FFmpeg alone, for others take an image or a pattern of names."""
    if is_file and cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG):
        return cv2.CAP_FFMPEG
    return cv2.CAP_ANY


def _check(path: str, name: str) -> None:
    check_file(path, name)
    with open(path, 'rb') as file:
        head = file.read(HEAD)
    # FFmpeg takes a text for a list of other files and addresses, and opens these
    if not any(byte < 9 or 13 < byte < 32 for byte in head):
        raise ConvcutError(f'{name}: {NO_VIDEO}')
