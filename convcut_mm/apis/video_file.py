"""Videos as files: whole or absent, and as long as what was filmed."""

from pathlib import Path

import cv2
import numpy as np

from ..errors import ConvcutError
from ..utils.drafts import Draft
from .images import quiet_opencv

# ten minutes at 30 frames a second; a longer gap is a wrong time, not a still picture
MOST_REPEATS = 18_000


class VideoFile:
    """An MP4 file that appears under its name once it was found to be whole.

    Args:
        path (Path): The file; its folder is made if missing.
        rate (float): Frames a second.
        size (tuple[int, int]): Width and height.

    Raises:
        ConvcutError: OpenCV cannot write such files here.
    """

    def __init__(self, path: Path, rate: float, size: tuple) -> None:
        self.path, self.rate, self.size = path, max(rate, 1.0), size
        self.frames = 0
        self._start: float | None = None
        self._last: np.ndarray | None = None
        # OpenCV chooses the container by the suffix
        self._draft = Draft(path, suffix=path.suffix)
        try:
            with quiet_opencv():
                codec = cv2.VideoWriter_fourcc(*'mp4v')
                self._file = cv2.VideoWriter(str(self._draft.place), codec, self.rate, size)
            if not self._file.isOpened():
                raise ConvcutError(f'{path}: OpenCV cannot write MP4 videos here')
        except (cv2.error, UnicodeError):  # it takes no path that is not UTF-8
            self._draft.drop()
            raise ConvcutError(f'{path}: OpenCV cannot write to such a path') from None
        except BaseException:
            self._draft.drop()
            raise

    def add(self, picture: np.ndarray, time: float | None = None) -> None:
        """Adds a frame; the one before stays in sight until its time.

        Args:
            picture (ndarray): (H, W, 3) uint8, red, green, blue.
            time (float, optional): Its time in seconds, where frames come at a rate that changes.
                One that comes within a frame's time of the one before is left out. Defaults to
                None: one frame after the one before.
        """
        if (picture.shape[1], picture.shape[0]) != self.size:  # a stream may change its size
            picture = cv2.resize(picture, self.size)
        picture = np.ascontiguousarray(picture[..., ::-1])
        if time is not None:
            due = self._due(time)
            while self.frames < due:
                self._write(self._last)
            if due < self.frames:
                return
        self._write(picture)
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

    def _write(self, picture: np.ndarray) -> None:
        self._file.write(picture)
        self.frames += 1

    def close(self) -> bool:
        """Ends the file.

        Returns:
            bool: Whether there is one: without a frame there is none.

        Raises:
            ConvcutError: Not all frames are in it, as on a full disk; nothing of it is left.
        """
        try:
            self._file.release()
            if not self.frames:
                return False
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
            self._draft.drop()

    def discard(self) -> None:
        """Ends and removes what was written so far."""
        self._file.release()
        self._draft.drop()


def count_frames(path: Path) -> int:
    """How many frames of a video file can be read."""
    with quiet_opencv():
        video = cv2.VideoCapture(str(path))
        frames = 0
        while video.grab():
            frames += 1
        video.release()
    return frames
