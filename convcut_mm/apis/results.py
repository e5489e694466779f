"""The result for an image or a frame: a dictionary of plain numbers and strings."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import ConvcutError
from .detectors import Face
from .inputs.animation import Animation
from .inputs.sources import Source
from .inputs.video import Video


class ImageResult(NamedTuple):
    """The result for an image or a frame, and what it was made of.

    Attributes:
        data (dict): What users get; see :meth:`ExpressionInferencer.__call__`.
        source (Source): Where it comes from.
        image (ndarray, optional): (H, W, 3) uint8, red, green, blue, if asked for and readable.
        video (Video | Animation, optional): The video that is being read.
        ends_batch (bool): Whether nothing that was read before still waits for its batch. A run
            that goes on with the next source then gives the same batches.
    """

    data: dict[str, Any]
    source: Source
    image: np.ndarray | None = None
    video: Video | Animation | None = None
    ends_batch: bool = False


def new_result(
    source: Source, size: tuple[int, int], faces: Sequence[Face], place: dict[str, Any]
) -> dict[str, Any]:
    """The result for an image whose faces are found and not classified yet.

    Args:
        source (Source): Where the image comes from.
        size (tuple[int, int]): Its width and height in pixels.
        faces (Sequence[Face]): What the detector found.
        place (dict): A frame's ``frame`` and ``time``, else nothing.
    """
    # a face at the border reaches beyond it; the crop repeats the border, the result does not
    ends = (*size, *size)
    entries = [
        dict(
            box=[min(max(float(value), 0.0), float(end)) for value, end in zip(face.box, ends)],
            detection_score=face.score,
        )
        for face in faces
    ]
    result = dict(input=source.name, picture=None, **place, width=size[0], height=size[1])
    return dict(result, faces=entries, error=None)


def failed_result(source: Source, error: str, place: dict[str, Any]) -> dict[str, Any]:
    """The result for an image that cannot be read; see :func:`new_result`."""
    result = dict(input=source.name, picture=None, **place, width=None, height=None)
    return dict(result, faces=[], error=error)


def expression_of(probabilities: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """A face's most probable class and all probabilities.

    Args:
        probabilities (ndarray): (C,).
        classes (Sequence[str]): Class names.

    Raises:
        ConvcutError: See :func:`check_probabilities`.
    """
    check_probabilities(probabilities)
    label = int(probabilities.argmax())
    return dict(
        label=label,
        expression=classes[label],
        score=float(probabilities[label]),
        probabilities={name: float(value) for name, value in zip(classes, probabilities)},
    )


def check_probabilities(probabilities: np.ndarray) -> None:
    """Refuse NaN, which damaged weights give: its argmax would be the first class.

    Raises:
        ConvcutError: Something that is no finite number.
    """
    if not np.isfinite(probabilities).all():
        raise ConvcutError(
            'the model gives NaN instead of probabilities; its weights are damaged, or come from '
            'a training whose loss became NaN: use others'
        )
