"""Views: the few forms in which a pipeline shows an image, and which of them an epoch samples."""

from functools import partial

import mmcv
import numpy as np
from mmcv.transforms import (
    BaseTransform,
    CenterCrop,
    LoadImageFromFile,
    Normalize,
    Pad,
    RandomFlip,
    Resize,
)
from mmengine.structures import BaseDataElement
from mmpretrain.datasets import BaseDataset, NumpyToPIL, PackInputs, PILToNumpy, ResizeEdge

from ..datasets import FERDataset
from ..errors import ConvcutError
from .fingerprint import type_and_settings

PLAIN = 'plain'
_PIXEL = np.zeros((1, 1, 3), np.uint8)  # stands for an image if only the random flip counts
# exact types: a subclass may be random; whatever is not listed counts as random
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
        transforms: The data set's transforms.
        where: Name of the loader, for messages.

    Raises:
        ConvcutError: There is another transform, which the message names.
    """

    def __init__(self, transforms: list[BaseTransform], where: str) -> None:
        self.flip: RandomFlip | None = None
        self._before: list[BaseTransform] = []
        self._after: list[BaseTransform] = []
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
                    f'{where}: the feature store does not support {type(transform).__name__}: '
                    'features are computed once, so apart from one RandomFlip every transform '
                    'has to give the same image each time. Remove it from the pipeline or train '
                    'without the store'
                )

    @property
    def names(self) -> list[str]:
        """All views that can be sampled, 'plain', 'horizontal', ..., in the store's order."""
        if self.flip is None:
            return [PLAIN]
        directions = self.flip.direction
        directions = [directions] if isinstance(directions, str) else list(directions)
        probabilities = self.flip.prob
        if isinstance(probabilities, float):
            probabilities = [probabilities / len(directions)] * len(directions)
        flipped = [name for name, chance in zip(directions, probabilities) if chance > 0]
        return ([PLAIN] if sum(probabilities) < 1 else []) + flipped

    def stored_name(self, view: str) -> str:
        """Name a view in the store: a flip before a transform is not one after it."""
        if view == PLAIN or not self._after:
            return view
        return f'{view} before {len(self._after)}'

    def pipeline(self) -> list[dict]:
        """Return the deterministic transforms as plain data, for the identity."""
        return [type_and_settings(transform) for transform in (*self._before, *self._after)]

    def image(self, item: dict, view: str) -> dict:
        """Return the packed sample that the pipeline gives if it samples that view."""
        flip = [] if view == PLAIN else [partial(_flipped, direction=view)]
        for transform in (*self._before, *flip, *self._after, self._pack):
            item = transform(item)
        return item

    def sample_flip(self) -> dict:
        """Sample as the pipeline's RandomFlip does; return the keys that it adds to an item."""
        if self.flip is None:
            return {}
        item = self.flip(dict(img=_PIXEL))
        return dict(flip=item['flip'], flip_direction=item['flip_direction'])

    def data_sample(self, item: dict, meta: dict, flip: dict) -> BaseDataElement:
        """Return the ``DataSample`` that the pipeline would give, without the image.

        Args:
            item: The dict that enters the pipeline.
            meta: What the pipeline noted about the image, from the store.
            flip: The result of :meth:`sample_flip`.
        """
        sample = self._pack({**item, **meta, **flip})['data_samples']
        if 'duplicate' in item:  # as FERDataset does after the pipeline
            sample.set_metainfo(dict(duplicate=item['duplicate']))
        return sample


def check_dataset(dataset: BaseDataset, where: str) -> Views:
    """Take the pipeline of a data set apart.

    Args:
        dataset: The data set.
        where: Name of its loader, for messages.

    Raises:
        ConvcutError: The data set is not a ``FERDataset``, or its pipeline has a random transform.
    """
    if not isinstance(dataset, FERDataset):
        raise ConvcutError(
            f'{where}: the feature store does not support data sets of type '
            f'{type(dataset).__name__}, only those derived from FERDataset, whose random numbers '
            'are reproducible'
        )
    views = Views(list(dataset.pipeline.transforms), where)
    if dataset.test_mode and len(views.names) > 1:
        raise ConvcutError(
            f'{where}: RandomFlip in the pipeline of a data set with test_mode=True'
        )
    return views


def _flipped(item: dict, direction: str) -> dict:
    """Flip as RandomFlip does, which itself may take another thread's direction."""
    image = mmcv.imflip(item['img'], direction=direction)
    return {**item, 'img': image, 'flip': True, 'flip_direction': direction}
