"""Videos as files: whole or absent, and as long as what was filmed."""

from pathlib import Path

import cv2
import numpy as np

from ...errors import ConvcutError
from ...utils.drafts import Draft
from ..inputs.images import quiet_opencv

HELD = 8  # frames
SMOOTH, FASTEST = 25.0, 60.0  # frames a second
# ten minutes at 30 frames a second; a longer gap is a wrong time, not a still picture
MOST_REPEATS = 18_000


class VideoFile:
    """An MP4 file that appears under its name once it was found to be whole.

    Its rate is constant, and a frame stays in sight until the next one's time. Where the first
    frames come at changing intervals the rate is one that shows the short ones.

    Args:
        path (Path): The file; its folder is made if missing.
        rate (float): Frames a second, on average.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self.path, self.rate = path, max(rate, 1.0)
        self.frames = 0
        # the first frames, until the rate is known
        self._held: list[tuple[np.ndarray, float | None]] = []
        self._file: cv2.VideoWriter | None = None
        self._draft: Draft | None = None
        self._start: float | None = None
        self._last: np.ndarray | None = None

    def add(self, picture: np.ndarray, time: float | None = None) -> None:
        """Add a frame.

        Args:
            picture (ndarray): (H, W, 3) uint8, red, green, blue.
            time (float, optional): Its time in seconds. One that comes within a frame's time of
                the one before is left out. Defaults to None: one frame after the one before.

        Raises:
            ConvcutError: OpenCV cannot write such files here.
        """
        if self._file is not None:
            self._place(self._file, picture, time)
            return
        self._held.append((picture, time))
        if len(self._held) == HELD:
            self._open()

    def _open(self) -> None:
        """Open the file and write the frames that were held back."""
        height, width = self._held[0][0].shape[:2]
        self.size = width, height
        self.rate = _rate([time for _, time in self._held], self.rate)
        # OpenCV chooses the container by the suffix
        self._draft = Draft(self.path, suffix=self.path.suffix)
        try:
            with quiet_opencv():
                codec = cv2.VideoWriter.fourcc(*'mp4v')
                place = str(self._draft.place)
                file = self._file = cv2.VideoWriter(place, codec, self.rate, self.size)
            if not file.isOpened():
                raise ConvcutError(f'{self.path}: OpenCV cannot write MP4 videos here')
        except (cv2.error, UnicodeError):  # it takes no path that is not UTF-8
            raise ConvcutError(f'{self.path}: OpenCV cannot write to such a path') from None
        held, self._held = self._held, []
        for picture, time in held:
            self._place(file, picture, time)

    def _place(self, file: cv2.VideoWriter, picture: np.ndarray, time: float | None) -> None:
        if (picture.shape[1], picture.shape[0]) != self.size:  # a stream may change its size
            picture = cv2.resize(picture, self.size)
        picture = np.ascontiguousarray(picture[..., ::-1])
        if time is not None:
            due = self._due(time)
            while self.frames < due:
                self._write(file, picture if self._last is None else self._last)
            if due < self.frames:
                return
        self._write(file, picture)
        self._last = picture

    def _due(self, time: float) -> int:
        """The frame's place in the file; times that jump go on as if they had not."""
        if self._start is None:
            self._start = time
        due = round((time - self._start) * self.rate)
        likely = min(max(due, self.frames - 1), self.frames + MOST_REPEATS)
        if due < likely:  # backwards: one frame after the one before
            likely = self.frames
        if due != likely:
            self._start = time - likely / self.rate
        return likely

    def _write(self, file: cv2.VideoWriter, picture: np.ndarray) -> None:
        with quiet_opencv():
            file.write(picture)
        self.frames += 1

    def close(self) -> bool:
        """End the file.

        Returns:
            bool: Whether there is one: without a frame there is none.

        Raises:
            ConvcutError: Not all frames are in it, as on a full disk; nothing of it is left.
        """
        try:
            if self._held:
                self._open()
            if self._file is None or self._draft is None:
                return False
            with quiet_opencv():
                self._file.release()
            # OpenCV says nothing of what it could not write
            frames = count_frames(self._draft.place)
            if frames < self.frames:  # Ctrl-C may come between writing one and counting it
                raise ConvcutError(
                    f'{self.path}: {frames} of {self.frames} frames could be written; is the '
                    'disk full?'
                )
            self._draft.finish()
            return True
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove what was written so far; do nothing after :meth:`close`."""
        if self._file is not None:
            self._file.release()
        if self._draft is not None:
            self._draft.drop()


def _rate(times: list[float | None], rate: float) -> float:
    """The rate of a file: the average, or where times come at changing intervals a higher one."""
    known = [time for time in times if time is not None]
    if len(known) < max(3, len(times)):
        return rate
    steps: np.ndarray = np.diff(known)
    steps = steps[steps > 0]
    if not len(steps) or steps.max() < 1.5 * steps.min():
        return rate
    return max(rate, min(max(1 / steps.min(), SMOOTH), FASTEST))


def count_frames(path: Path) -> int:
    """How many frames of a video file can be read."""
    with quiet_opencv():
        video = cv2.VideoCapture(str(path))
        frames = 0
        while video.grab():
            frames += 1
        video.release()
    return frames
