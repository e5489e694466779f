"""Goes through images and frames: finds faces, classifies them in batches, in bounded memory."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional

import numpy as np

from ..errors import ConvcutError
from .images import read_image
from .sources import Source
from .tracking import Tracker
from .video import Video

# pictures that wait for their batch, or for being drawn, are held up to this
PIXELS_HELD = 50_000_000


class Answer(NamedTuple):
    """What is said about an image or frame.

    Attributes:
        result (dict): See :meth:`ExpressionInferencer.__call__`.
        source (Source): Where it comes from.
        image (ndarray, optional): (H, W, 3) uint8, red, green, blue, if asked for and readable.
        video (Video, optional): The video that is being read.
    """

    result: dict
    source: Source
    image: Optional[np.ndarray] = None
    video: Optional[Video] = None


class _Waiting(NamedTuple):
    answer: Answer
    crops: list
    pixels: int


def answers(
    inferencer,
    sources: Iterable,
    batch_size: int,
    every: int = 1,
    with_images: bool = False,
    seconds: Optional[float] = None,
) -> Iterator[Answer]:
    """Answers for images and videos in their order.

    Args:
        inferencer (ExpressionInferencer): Finds faces and classifies them.
        sources (Iterable[Source]): Images and videos.
        batch_size (int): Faces in a batch.
        every (int): Of a video, only each n-th frame. Defaults to 1.
        with_images (bool): Whether answers carry the image. Defaults to False.
        seconds (float, optional): Of a video, only the first so many. Defaults to None: all.

    Yields:
        Answer: One for each image and each frame.
    """
    waiting: list = []
    for item in _look(inferencer, sources, every, with_images, seconds):
        waiting.append(item)
        live = item.answer.video is not None and item.answer.video.is_live
        faces = sum(len(one.crops) for one in waiting)
        # images without a face wait too, and nobody shall wait for them for ever
        full = max(faces, len(waiting)) >= batch_size
        if live or full or sum(one.pixels for one in waiting) >= PIXELS_HELD:
            yield from _classified(inferencer, waiting, batch_size)
            waiting = []
    yield from _classified(inferencer, waiting, batch_size)


def _classified(inferencer, waiting: list, batch_size: int) -> Iterator[Answer]:
    crops = [crop for item in waiting for crop in item.crops]
    parts = [
        inferencer.classify(crops[start : start + batch_size])
        for start in range(0, len(crops), batch_size)
    ]
    rows = iter(np.concatenate(parts) if parts else [])
    for item in waiting:
        for face, scores in zip(item.answer.result['faces'], rows):
            face.update(described(scores, inferencer.classes))
        yield item.answer


def described(scores: np.ndarray, classes: tuple) -> dict:
    """A face's answer as plain numbers and strings.

    Args:
        scores (ndarray): Probabilities, (C,).
        classes (tuple[str]): Class names.
    """
    label = int(scores.argmax())
    return dict(
        label=label,
        expression=classes[label],
        score=float(scores[label]),
        probabilities={name: float(score) for name, score in zip(classes, scores)},
    )


def _look(
    inferencer, sources: Iterable, every: int, with_images: bool, seconds: Optional[float]
) -> Iterator[_Waiting]:
    for source in sources:
        try:
            if source.is_video:
                yield from _look_at_video(inferencer, source, every, with_images, seconds)
            else:
                image = read_image(source.value)
                yield _look_at(inferencer, source, image, {}, with_images)
        except ConvcutError as error:
            yield _failed(source, f'{error}')


def _failed(source: Source, error: str, video: Optional[Video] = None, **extra) -> _Waiting:
    result = dict(input=source.name, width=None, height=None, faces=[], error=error, **extra)
    return _Waiting(Answer(result, source, None, video), [], 0)


def _look_at(
    inferencer,
    source: Source,
    image: np.ndarray,
    extra: dict,
    with_images: bool,
    video: Optional[Video] = None,
    tracker: Optional[Tracker] = None,
) -> _Waiting:
    found = inferencer.detect(image)
    faces = [
        dict(box=[float(value) for value in face.box], detection_score=face.score)
        for face in found
    ]
    if tracker is not None:
        for face, number in zip(faces, tracker.update([f.box for f in found], extra['time'])):
            face['track'] = number
    height, width = image.shape[:2]
    result = dict(input=source.name, **extra, width=width, height=height, faces=faces, error=None)
    crops = [inferencer.crop(image, face) for face in found]
    kept = image if with_images else None
    pixels = width * height if with_images else 0
    return _Waiting(Answer(result, source, kept, video), crops, pixels)


def _look_at_video(
    inferencer, source: Source, every: int, with_images: bool, seconds: Optional[float]
) -> Iterator[_Waiting]:
    video, tracker = Video(source.value, source.name), Tracker()
    frame = None
    for frame in video:
        if seconds is not None and frame.time >= seconds:
            break
        if frame.index % every == 0:
            extra = dict(frame=frame.index, time=round(frame.time, 3))
            yield _look_at(inferencer, source, frame.image, extra, with_images, video, tracker)
    if video.problem is not None:
        where = {} if frame is None else dict(frame=frame.index, time=round(frame.time, 3))
        yield _failed(source, f'{source.name}: {video.problem}', video, **where)
