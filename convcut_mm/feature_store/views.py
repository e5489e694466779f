"""Views: the few forms in which a pipeline shows an image, and which of them an epoch draws."""

from functools import partial
from typing import Optional

import mmcv
import numpy as np
from mmcv.transforms import CenterCrop, LoadImageFromFile, Normalize, Pad, RandomFlip, Resize
from mmpretrain.datasets import NumpyToPIL, PackInputs, PILToNumpy, ResizeEdge

from ..errors import ConvcutError
from .fingerprint import describe

PLAIN = 'plain'
_PIXEL = np.zeros((1, 1, 3), np.uint8)  # stands for an image where only the draw counts
# exact types: a subclass may draw. Whatever is not listed counts as random
DETERMINISTIC = (
    LoadImageFromFile,
    Resize,
    ResizeEdge,
    CenterCrop,
    Pad,
    Normalize,
    NumpyToPIL,
    PILToNumpy,
)


class Views:
    """A pipeline taken apart: deterministic transforms, at most one ``RandomFlip``, packing.

    Args:
        transforms (list): The data set's transforms.
        where (str): Name of the loader, for messages.

    Raises:
        ConvcutError: Any other transform, with its name.
    """

    def __init__(self, transforms: list, where: str) -> None:
        self.flip: Optional[RandomFlip] = None
        self._before, self._after = [], []
        if not transforms or type(transforms[-1]) is not PackInputs:
            raise ConvcutError(f'{where}: the feature store needs PackInputs as last transform')
        self._pack = transforms[-1]
        for transform in transforms[:-1]:
            if type(transform) is RandomFlip and self.flip is None:
                self.flip = transform
            elif type(transform) in DETERMINISTIC:
                (self._before if self.flip is None else self._after).append(transform)
            else:
                raise ConvcutError(
                    f'{where}: the feature store knows no {type(transform).__name__}: features '
                    'are computed once, so apart from one RandomFlip every transform has to give '
                    'the same image each time. Remove it from the pipeline or train without '
                    'the store'
                )

    @property
    def names(self) -> list:
        """All views that can be drawn: 'plain', 'horizontal', ... in the order of the store."""
        if self.flip is None:
            return [PLAIN]
        directions = self.flip.direction
        directions = [directions] if isinstance(directions, str) else list(directions)
        shares = self.flip.prob
        if isinstance(shares, float):
            shares = [shares / len(directions)] * len(directions)
        flipped = [name for name, share in zip(directions, shares) if share > 0]
        return ([PLAIN] if sum(shares) < 1 else []) + flipped

    def describe(self, view: str) -> str:
        """The view's name in the store: a flip before a transform is not one after it."""
        if view == PLAIN or not self._after:
            return view
        return f'{view} before {len(self._after)}'

    def pipeline(self) -> list:
        """The deterministic part as plain data, for the fingerprint."""
        return [describe(transform) for transform in (*self._before, *self._after)]

    def image(self, item: dict, view: str) -> dict:
        """The packed sample of one view: what the pipeline gives when it draws that view."""
        flip = [] if view == PLAIN else [partial(_flipped, direction=view)]
        for transform in (*self._before, *flip, *self._after, self._pack):
            item = transform(item)
        return item

    def draw(self) -> dict:
        """Draws as the pipeline's own RandomFlip does; gives the keys that it adds to a sample."""
        if self.flip is None:
            return {}
        drawn = self.flip(dict(img=_PIXEL))
        return dict(flip=drawn['flip'], flip_direction=drawn['flip_direction'])

    def sample(self, item: dict, meta: dict, drawn: dict):
        """The ``DataSample`` that the pipeline would give, without the image."""
        return self._pack({**item, **meta, **drawn})['data_samples']


def _flipped(item: dict, direction: str) -> dict:
    """What RandomFlip gives; in several threads it itself may flip in another's direction."""
    image = mmcv.imflip(item['img'], direction=direction)
    return {**item, 'img': image, 'flip': True, 'flip_direction': direction}
