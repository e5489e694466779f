"""What a test pipeline makes of a face image: how large, and how much of it."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from mmcv.transforms import CenterCrop, LoadImageFromFile, Pad, Resize
from mmpretrain.datasets.transforms import EfficientNetCenterCrop, PackInputs, ResizeEdge
from torchvision import transforms as torchvision

from ..errors import ConvcutError
from ..utils.text import first_line

FACE = 100  # pixels of RAF-DB's images, for crops that are given in pixels
READ_AND_PACK = LoadImageFromFile, PackInputs
KEEP_ALL = Resize, ResizeEdge, Pad, torchvision.Resize, torchvision.Pad
KEEP_MIDDLE = CenterCrop, torchvision.CenterCrop


class InputView(NamedTuple):
    """What a model sees of a face image.

    Attributes:
        size (int): Side of its square input in pixels.
        crop_ratio (float): What is left of the image's side, below 1 where the middle is cut out.
    """

    size: int
    crop_ratio: float


def input_view(transforms: Iterable[Callable]) -> InputView:
    """Follow the size of a face image through a test pipeline.

    The transforms say what size they give; their type tells how much of the image they keep.

    Args:
        transforms (Iterable[callable]): The pipeline's, built.

    Raises:
        ConvcutError: One changes the size in a way that is not known here; names it. The result
            is not square.
    """
    image, ratio = np.zeros((FACE, FACE, 3), np.uint8), 1.0
    for transform in transforms:
        if isinstance(transform, READ_AND_PACK):
            continue
        before, image = image, _applied(transform, image)
        ratio *= _kept(transform, _width(before), _width(image))
    height, width = np.asarray(image).shape[:2]
    if height != width:
        raise ConvcutError(
            f'the test pipeline gives {width}x{height} pixels, expected a square; put a Resize '
            'to one size into it'
        )
    return InputView(width, min(1.0, round(ratio, 3)))


def _applied(transform: Callable, image: np.ndarray) -> np.ndarray:
    shape = np.asarray(image).shape[:2]
    try:
        return transform(dict(img=image, img_shape=shape, ori_shape=shape))['img']
    except Exception as error:  # whatever a stranger's transform raises
        raise ConvcutError(
            f"the test pipeline's {_name(transform)} fails on an image without annotations "
            f'({first_line(error)})'
        ) from error


def _kept(transform: Callable, before: int, after: int) -> float:
    """Which part of an image's side is left, from the widths before and after."""
    kind = getattr(transform, 't', transform)  # mmpretrain wraps torchvision's transforms
    if isinstance(kind, EfficientNetCenterCrop):
        return kind.crop_size / (kind.crop_size + kind.crop_padding)
    if isinstance(kind, KEEP_MIDDLE):
        return min(1.0, after / before)
    if isinstance(kind, KEEP_ALL) or before == after:
        return 1.0
    raise ConvcutError(
        f"the test pipeline's {_name(transform)} turns {before} pixels into {after}, and how much "
        'of the image it keeps is not known; use Resize, ResizeEdge or CenterCrop'
    )


def _width(image: np.ndarray) -> int:
    return np.asarray(image).shape[1]  # it may be one of Pillow's


def _name(transform: Callable) -> str:
    return type(getattr(transform, 't', transform)).__name__
