"""Class-balanced sampling as a sampler.

mmengine and mmpretrain have no such sampler, only ``ClassBalancedDataset``, a wrapper that repeats
images: an epoch grows, and the feature store, which wants the data set itself, refuses it. torch's
``WeightedRandomSampler`` knows neither epochs nor processes.
"""

from collections.abc import Iterator
from typing import Optional

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from mmpretrain.registry import DATA_SAMPLERS

from ...errors import ConvcutError
from .repeats import tell_apart
from .seeds import mixed_seed


@DATA_SAMPLERS.register_module()
class ClassBalancedSampler(DefaultSampler):
    """Draws images with replacement, each class as often as ``power`` says.

    The chance of a class with n images is proportional to ``n ** power`` (Kang et al.,
    arXiv 1910.09217, section 3): 0 draws all classes alike, 0.5 is their square-root sampling, 1
    leaves the classes as they are. An epoch is as long as without it, and the same for any number
    of processes. Each copy of an image that comes several times in an epoch has its own
    augmentation, see :class:`Repeat`.

    Args:
        dataset (BaseDataset): The images, with ``get_gt_labels()``.
        power (float): See above. Defaults to 0.
        seed (int, optional): Seed; with the epoch's number it decides the draw. Defaults to None:
            one that all processes share.

    Raises:
        ConvcutError: A power outside of 0 to 1, or a data set without labels.
    """

    def __init__(self, dataset, power: float = 0.0, seed: Optional[int] = None) -> None:
        if not 0 <= power <= 1:
            raise ConvcutError(
                f'ClassBalancedSampler: power={power}, expected 0 (all classes alike) to 1'
            )
        if not hasattr(dataset, 'get_gt_labels'):
            raise ConvcutError(
                f'ClassBalancedSampler: {type(dataset).__name__} has no get_gt_labels()'
            )
        super().__init__(dataset, shuffle=True, seed=seed, round_up=True)
        labels = np.asarray(dataset.get_gt_labels())
        counts = np.bincount(labels).astype(float)
        self.weights = torch.from_numpy(counts[labels] ** (power - 1))

    def __iter__(self) -> Iterator[int]:
        """Numbers of this process's images in this epoch."""
        generator = torch.Generator()
        # hashed together: with a sum, seed 0 in epoch 1 would draw as seed 1 in epoch 0
        generator.manual_seed(mixed_seed(self.seed, self.epoch))
        drawn = torch.multinomial(self.weights, self.total_size, True, generator=generator)
        return iter(tell_apart(drawn.numpy())[self.rank :: self.world_size])
