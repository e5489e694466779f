"""Classifies the faces of images and frames in batches, in bounded memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from ..errors import ConvcutError
from .find_faces import Crop, Found, Search, find_faces
from .inputs.options import InputOptions
from .inputs.sources import Source
from .results import ImageResult, expression_of

# pictures that wait for their batch, or for being drawn, are held up to this
PIXELS_HELD = 50_000_000

Classify = Callable[[Sequence[np.ndarray]], np.ndarray]


def results(
    sources: Iterable[Source],
    options: InputOptions,
    max_pixels: int,
    search: Search,
    crop: Crop,
    classify: Classify,
    classes: Sequence[str],
    batch_size: int = 32,
    with_images: bool = False,
) -> Iterator[ImageResult]:
    """Results for images and videos in their order.

    Args:
        sources (Iterable[Source]): Images and videos.
        options (InputOptions): How they are read.
        max_pixels (int): Width times height that an image or frame may have.
        search (callable): ``search()`` gives a function for one image or video, which gives the
            faces of an image (H, W, 3).
        crop (callable): ``crop(image, face)`` gives what the model is shown of a face.
        classify (callable): ``classify(crops)`` gives probabilities (N, C).
        classes (Sequence[str]): Class names.
        batch_size (int): Faces in a batch. Defaults to 32.
        with_images (bool): Whether results carry the image. Defaults to False.

    Yields:
        ImageResult: One for each image and each frame.
    """
    waiting: list[Found] = []
    for source in sources:
        if source.is_video:  # it is done anew where a run goes on, so its batches are its own
            yield from _classified(waiting, classify, classes, batch_size)
            waiting = []
        for found in find_faces(source, options, max_pixels, search, crop, with_images):
            waiting.append(found)
            if _is_full(waiting, batch_size):
                yield from _classified(waiting, classify, classes, batch_size)
                waiting = []
        if source.is_video:
            yield from _classified(waiting, classify, classes, batch_size)
            waiting = []
    yield from _classified(waiting, classify, classes, batch_size)


def _is_full(waiting: list[Found], batch_size: int) -> bool:
    video = waiting[-1].image.video
    if video is not None and video.is_live:
        return True
    faces = sum(len(found.crops) for found in waiting)
    # images without a face wait too, and nobody shall wait for them for ever
    if max(faces, len(waiting)) >= batch_size:
        return True
    return sum(found.pixels for found in waiting) >= PIXELS_HELD


def _classified(
    waiting: list[Found], classify: Classify, classes: Sequence[str], batch_size: int
) -> Iterator[ImageResult]:
    crops = [crop for found in waiting for crop in found.crops]
    starts = range(0, len(crops), batch_size)
    rows = iter([row for start in starts for row in classify(crops[start : start + batch_size])])
    for found in waiting:
        result = found.image.data
        try:
            for face, probabilities in zip(result['faces'], [next(rows) for _ in found.crops]):
                face.update(expression_of(probabilities, classes))
        except ConvcutError as error:
            result.update(faces=[], error=f'{result["input"]}: {error}')
        yield found.image._replace(ends_batch=found is waiting[-1])
