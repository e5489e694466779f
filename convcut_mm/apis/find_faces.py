"""Reads an image or a video and cuts its faces out."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import ConvcutError
from .detectors import Face
from .inputs.animation import Animation
from .inputs.images import read
from .inputs.options import InputOptions
from .inputs.sources import Source
from .inputs.video import Video
from .results import ImageResult, failed_result, new_result
from .tracking import Tracker

Detect = Callable[[np.ndarray], Sequence[Face]]
Search = Callable[[], Detect]
Crop = Callable[[np.ndarray, Face], np.ndarray]


class Found(NamedTuple):
    """An image or frame whose faces wait to be classified.

    Attributes:
        image (ImageResult): Its result so far.
        crops (list[ndarray]): What the model is shown of each face, in the result's order.
    """

    image: ImageResult
    crops: list[np.ndarray]

    @property
    def pixels(self) -> int:
        """Pixels that are held in memory besides the crops."""
        image = self.image.image
        return 0 if image is None else image.shape[0] * image.shape[1]


def find_faces(
    source: Source,
    options: InputOptions,
    max_pixels: int,
    search: Search,
    crop: Crop,
    with_images: bool,
) -> Iterator[Found]:
    """Read a source and cut its faces out; an unreadable file gives a result with an error.

    Args:
        source (Source): An image or a video.
        options (InputOptions): How it is read.
        max_pixels (int): Width times height that an image or frame may have.
        search (callable): ``search()`` gives a function for one image or video, which gives the
            faces of an image (H, W, 3).
        crop (callable): ``crop(image, face)`` gives what the model is shown of a face.
        with_images (bool): Whether results carry their image.

    Yields:
        Found: One for an image, one for each frame of a video.
    """
    try:
        opened = _opened(source, options, max_pixels)
        if isinstance(opened, np.ndarray):
            image = options.turned(opened)
            faces = _from_left_to_right(search()(image))
            yield _found(source, image, faces, {}, crop, with_images)
        else:
            yield from _in_frames(source, opened, options, search(), crop, with_images)
    except ConvcutError as error:
        yield Found(ImageResult(failed_result(source, f'{error}', {}), source), [])


def _opened(
    source: Source, options: InputOptions, max_pixels: int
) -> np.ndarray | Video | Animation:
    if source.is_video:
        return Video(source.value, source.name, max_pixels)
    return read(source.value, source.name, max_pixels, options.max_value)


def _in_frames(
    source: Source,
    video: Video | Animation,
    options: InputOptions,
    detect: Detect,
    crop: Crop,
    with_images: bool,
) -> Iterator[Found]:
    tracker = Tracker()
    place: dict[str, Any] = {}
    for frame in video:
        if options.seconds is not None and frame.time >= options.seconds:
            break
        place = dict(frame=frame.index, time=round(frame.time, 3))
        if frame.index % options.every == 0:
            image = options.turned(frame.image)
            faces = _from_left_to_right(detect(image))
            found = _found(source, image, faces, place, crop, with_images, video)
            numbers = tracker.update([face.box for face in faces], place['time'])
            for entry, number in zip(found.image.data['faces'], numbers):
                entry['track'] = number
            yield found
    if video.problem is not None:
        result = failed_result(source, f'{source.name}: {video.problem}', place)
        yield Found(ImageResult(result, source, None, video), [])


def _found(
    source: Source,
    image: np.ndarray,
    faces: list[Face],
    place: dict[str, Any],
    crop: Crop,
    with_images: bool,
    video: Video | Animation | None = None,
) -> Found:
    height, width = image.shape[:2]
    result = new_result(source, (width, height), faces, place)
    kept = image if with_images else None
    return Found(ImageResult(result, source, kept, video), [crop(image, face) for face in faces])


def _from_left_to_right(faces: Sequence[Face]) -> list[Face]:
    return sorted(faces, key=lambda face: (face.box[0] + face.box[2], face.box[1] + face.box[3]))
