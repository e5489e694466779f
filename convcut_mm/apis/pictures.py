"""Annotated pictures and videos as files."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Optional, Union

import cv2
import numpy as np
from PIL import Image

from ..errors import ConvcutError
from ..utils.atomic import write_atomically
from ..utils.drafts import Draft
from .looking import Answer
from .sources import Source


class PictureWriter:
    """Writes the picture of each answer into a folder, a video's frames as one video.

    Args:
        folder (str | Path): Made if missing.
        draw (callable): ``draw(image, result)`` gives the picture, (H, W, 3) uint8.
        every (int): Each how many-th frame of a video is given, for its rate. Defaults to 1.

    Attributes:
        files (list[Path]): What was written.
    """

    def __init__(self, folder: Union[str, Path], draw: Callable, every: int = 1) -> None:
        self.folder, self.draw, self.every = Path(folder), draw, every
        self.files: list = []
        self._taken: set = set()
        self._video: Optional[_VideoFile] = None
        self._source: Optional[Source] = None

    def add(self, answer: Answer) -> None:
        """Draws an answer; one without an image draws nothing."""
        if answer.source is not self._source:
            self.close()
            self._source = answer.source
        if answer.image is None:
            return
        picture = self.draw(answer.image, answer.result)
        if answer.video is not None:
            if self._video is None:
                path = self.path(answer.source, '.mp4')
                size = picture.shape[1], picture.shape[0]
                self._video = _VideoFile(path, answer.video.rate / self.every, size)
            self._video.add(picture)
            return
        content = io.BytesIO()
        Image.fromarray(picture).save(content, 'PNG', compress_level=3)
        path = self.path(answer.source, '.png')
        write_atomically(path, content.getvalue())
        self.files.append(path)

    def close(self) -> None:
        """Ends the video that is being written."""
        if self._video is not None:
            self._video.close()
            self.files.append(self._video.path)
            self._video = None

    def path(self, source: Source, suffix: str) -> Path:
        """A file in the folder, called like the source, and like no other source's."""
        return self.folder / f'{unique_name(source.name, self._taken)}{suffix}'


def unique_name(name: str, taken: set) -> str:
    """A file name for a source, without suffix: its own, and a number where that is taken.

    Args:
        name (str): Path, URL, or what an image without a file is called.
        taken (set[str]): The names so far; the new one is added.
    """
    base = Path(name.split('?')[0].replace('\\', '/').rstrip('/')).stem or 'image'
    base = ''.join(c if c.isalnum() or c in '-_. ' else '_' for c in base)
    unique, number = base, 2
    while unique.lower() in taken:
        unique, number = f'{base}-{number}', number + 1
    taken.add(unique.lower())
    return unique


class _VideoFile:
    """An MP4 file that appears under its name once it is whole."""

    def __init__(self, path: Path, rate: float, size: tuple) -> None:
        self.path, self.size = path, size
        # OpenCV chooses the container by the suffix
        self._draft = Draft(path, suffix=path.suffix)
        self._file = cv2.VideoWriter(
            str(self._draft.place), cv2.VideoWriter_fourcc(*'mp4v'), max(rate, 1.0), size
        )
        if not self._file.isOpened():
            self._draft.drop()
            raise ConvcutError(f'{path}: OpenCV cannot write MP4 videos here')

    def add(self, picture: np.ndarray) -> None:
        if (picture.shape[1], picture.shape[0]) != self.size:  # a stream may change its size
            picture = cv2.resize(picture, self.size)
        self._file.write(np.ascontiguousarray(picture[..., ::-1]))

    def close(self) -> None:
        self._file.release()
        self._draft.finish()
