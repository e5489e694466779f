"""Annotated pictures and videos as files."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...utils.atomic import write_atomically
from ..inputs.sources import Source
from ..results import ImageResult
from .names import PictureNames
from .video_file import VideoFile


class PictureWriter:
    """Writes the picture of each result into a folder, a video's frames as one video.

    As a context manager it ends the last video, or drops it after an error.

    Args:
        folder (str | Path): Made if missing.
        draw (callable): ``draw(image, result)`` gives the picture, (H, W, 3) uint8.
        every (int): Each how many-th frame of a video is given, for its rate. Defaults to 1.
        names (PictureNames, optional): What the files are called. Defaults to new ones.

    Attributes:
        files (list[Path]): What was written.
    """

    def __init__(
        self,
        folder: str | Path,
        draw: Callable[[np.ndarray, dict[str, Any]], np.ndarray],
        every: int = 1,
        names: PictureNames | None = None,
    ) -> None:
        self.folder, self.draw, self.every = Path(folder), draw, every
        self.names = names or PictureNames()
        self.files: list[Path] = []
        self._video: VideoFile | None = None
        self._source: Source | None = None

    def __enter__(self) -> 'PictureWriter':
        return self

    def __exit__(self, kind: type | None, error: object, traceback: object) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def add(self, result: ImageResult) -> None:
        """Draw a result and name the file in its ``picture``; skip one without an image.

        Raises:
            OSError: The disk is full, ...; nothing is half-written.
            ConvcutError: The video before could not be written.
        """
        if result.source is not self._source:
            self.close()
            self._source = result.source
        name = self.names.of(result.source)
        if result.image is None or (result.data['error'] and result.video is None):
            return
        picture = self.draw(result.image, result.data)
        if result.video is None:
            content = io.BytesIO()
            Image.fromarray(picture).save(content, 'PNG', compress_level=3)
            path = self.folder / f'{name}.png'
            write_atomically(path, content.getvalue())
            self.files.append(path)
        else:
            path = self.folder / f'{name}.mp4'
            if self._video is None:
                self._video = VideoFile(path, result.video.rate / self.every)
            self._video.add(picture, result.data.get('time'))
        result.data['picture'] = path.name

    def close(self) -> None:
        """End the video that is being written.

        Raises:
            ConvcutError: It is not whole, as on a full disk.
        """
        video, self._video = self._video, None
        if video is not None and video.close():
            self.files.append(video.path)

    def discard(self) -> None:
        """Drop the video that is being written."""
        video, self._video = self._video, None
        if video is not None:
            video.discard()
