"""Goes through images and frames: finds faces, classifies them in batches, in bounded memory."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..errors import ConvcutError
from .detectors import Face
from .inputs.animation import Animation
from .inputs.images import read
from .inputs.sources import Source
from .inputs.video import Video
from .tracking import Tracker

# pictures that wait for their batch, or for being drawn, are held up to this
PIXELS_HELD = 50_000_000


class Answer(NamedTuple):
    """What is said about an image or frame.

    Attributes:
        result (dict): See :meth:`ExpressionInferencer.__call__`.
        source (Source): Where it comes from.
        image (ndarray, optional): (H, W, 3) uint8, red, green, blue, if asked for and readable.
        video (Video | Animation, optional): The video that is being read.
        ends_batch (bool): Whether nothing that was read before still waits for its batch. A run
            that goes on with the next source then gives the same batches.
    """

    result: dict
    source: Source
    image: np.ndarray | None = None
    video: Video | Animation | None = None
    ends_batch: bool = False


class Reading(NamedTuple):
    """How images and frames are read.

    Attributes:
        rotate (int): Degrees by which they are turned clockwise: 0, 90, 180 or 270.
        max_value (float, optional): The value of white; see :func:`read_image`.
    """

    rotate: int = 0
    max_value: float | None = None

    def checked(self) -> 'Reading':
        """Itself.

        Raises:
            ConvcutError: Another angle, or no value that white can have.
        """
        if self.rotate not in (0, 90, 180, 270):
            raise ConvcutError(f'rotate={self.rotate}: expected 0, 90, 180 or 270 (clockwise)')
        if self.max_value is not None and not 0 < self.max_value < float('inf'):
            raise ConvcutError(f'max_value={self.max_value}: expected the value of white, above 0')
        return self

    def turned(self, image: np.ndarray) -> np.ndarray:
        """An image (H, W, 3), turned."""
        return np.ascontiguousarray(np.rot90(image, -self.rotate // 90)) if self.rotate else image


AS_IT_IS = Reading()


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
    seconds: float | None = None,
    reading: Reading = AS_IT_IS,
) -> Iterator[Answer]:
    """Answers for images and videos in their order.

    Args:
        inferencer (ExpressionInferencer): Finds faces and classifies them.
        sources (Iterable[Source]): Images and videos.
        batch_size (int): Faces in a batch.
        every (int): Of a video, only each n-th frame. Defaults to 1.
        with_images (bool): Whether answers carry the image. Defaults to False.
        seconds (float, optional): Of a video, only the first so many. Defaults to None: all.
        reading (Reading): How they are read. Defaults to as they are.

    Yields:
        Answer: One for each image and each frame.
    """
    waiting: list[_Waiting] = []
    for source in sources:
        if source.is_video:  # it is done anew where a run goes on, so its batches are its own
            yield from _classified(inferencer, waiting, batch_size)
            waiting = []
        for item in _look(inferencer, source, every, with_images, seconds, reading):
            waiting.append(item)
            live = item.answer.video is not None and item.answer.video.is_live
            faces = sum(len(one.crops) for one in waiting)
            # images without a face wait too, and nobody shall wait for them for ever
            full = max(faces, len(waiting)) >= batch_size
            if live or full or sum(one.pixels for one in waiting) >= PIXELS_HELD:
                yield from _classified(inferencer, waiting, batch_size)
                waiting = []
        if source.is_video:
            yield from _classified(inferencer, waiting, batch_size)
            waiting = []
    yield from _classified(inferencer, waiting, batch_size)


def _classified(inferencer, waiting: list, batch_size: int) -> Iterator[Answer]:
    crops = [crop for item in waiting for crop in item.crops]
    parts = [
        inferencer.probabilities(crops[start : start + batch_size])
        for start in range(0, len(crops), batch_size)
    ]
    rows = iter(np.concatenate(parts) if parts else [])
    for item in waiting:
        result = item.answer.result
        try:
            for face, scores in zip(result['faces'], [next(rows) for _ in item.crops]):
                face.update(described(scores, inferencer.classes))
        except ConvcutError as error:
            result.update(faces=[], error=f'{result["input"]}: {error}')
        yield item.answer._replace(ends_batch=item is waiting[-1])


def described(scores: np.ndarray, classes: tuple) -> dict:
    """A face's answer as plain numbers and strings.

    Args:
        scores (ndarray): Probabilities, (C,).
        classes (tuple[str]): Class names.

    Raises:
        ConvcutError: See :func:`check_probabilities`.
    """
    check_probabilities(scores)
    label = int(scores.argmax())
    return dict(
        label=label,
        expression=classes[label],
        score=float(scores[label]),
        probabilities={name: float(score) for name, score in zip(classes, scores)},
    )


def check_probabilities(scores: np.ndarray) -> None:
    """Refuses what damaged weights give, for the largest of NaNs would be the first class.

    Raises:
        ConvcutError: Something that is no finite number.
    """
    if not np.isfinite(scores).all():
        raise ConvcutError(
            'the model gives NaN instead of probabilities; its weights are damaged, or come from '
            'a training whose loss became NaN: use others'
        )


def _look(
    inferencer,
    source: Source,
    every: int,
    with_images: bool,
    seconds: float | None,
    reading: Reading,
) -> Iterator[_Waiting]:
    most = inferencer.max_pixels
    try:
        if source.is_video:
            what: Any = Video(source.value, source.name, most)
        else:
            what = read(source.value, source.name, most, reading.max_value)
        if isinstance(what, np.ndarray):
            yield _look_at(inferencer, source, reading.turned(what), {}, with_images)
        else:
            yield from _look_at_video(
                inferencer, source, what, every, with_images, seconds, reading
            )
    except ConvcutError as error:
        yield _failed(source, f'{error}')


def _failed(
    source: Source, error: str, video: Video | Animation | None = None, **extra
) -> _Waiting:
    result = dict(input=source.name, picture=None, **extra, width=None, height=None)
    result.update(faces=[], error=error)
    return _Waiting(Answer(result, source, None, video), [], 0)


def _look_at(
    inferencer,
    source: Source,
    image: np.ndarray,
    extra: dict,
    with_images: bool,
    video: Video | Animation | None = None,
    tracker: Tracker | None = None,
) -> _Waiting:
    found = sorted(inferencer.detect(image), key=_from_left)
    height, width = image.shape[:2]
    # a face at the border reaches beyond it; the crop repeats the border, the answer does not
    ends = width, height, width, height
    faces = [
        dict(
            box=[min(max(float(value), 0.0), float(end)) for value, end in zip(face.box, ends)],
            detection_score=face.score,
        )
        for face in found
    ]
    if tracker is not None:
        for face, number in zip(faces, tracker.update([f.box for f in found], extra['time'])):
            face['track'] = number
    result = dict(input=source.name, picture=None, **extra, width=width, height=height)
    result.update(faces=faces, error=None)
    crops = [inferencer.crop(image, face) for face in found]
    kept = image if with_images else None
    pixels = width * height if with_images else 0
    return _Waiting(Answer(result, source, kept, video), crops, pixels)


def _from_left(face: Face) -> tuple:
    x1, y1, x2, y2 = face.box
    return x1 + x2, y1 + y2


def _look_at_video(
    inferencer,
    source: Source,
    video: Video | Animation,
    every: int,
    with_images: bool,
    seconds: float | None,
    reading: Reading,
) -> Iterator[_Waiting]:
    tracker = Tracker()
    frame = None
    for frame in video:
        if seconds is not None and frame.time >= seconds:
            break
        if frame.index % every == 0:
            extra = dict(frame=frame.index, time=round(frame.time, 3))
            image = reading.turned(frame.image)
            yield _look_at(inferencer, source, image, extra, with_images, video, tracker)
    if video.problem is not None:
        where = {} if frame is None else dict(frame=frame.index, time=round(frame.time, 3))
        yield _failed(source, f'{source.name}: {video.problem}', video, **where)
