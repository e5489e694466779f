"""Class-balanced sampling of images.

mmengine and mmpretrain have no such sampler, only the wrapper ``ClassBalancedDataset``, which
repeats images: epochs get longer, and the feature store, which needs the data set itself, refuses
it. torch's ``WeightedRandomSampler`` does not handle epochs or processes.
"""

from collections.abc import Iterator

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from mmpretrain.registry import DATA_SAMPLERS

from ...errors import ConvcutError
from .repeats import mark_repeats
from .seeds import mixed_seed


@DATA_SAMPLERS.register_module()
class ClassBalancedSampler(DefaultSampler):
    """Sampler with replacement that balances the classes.

    The probability of a class with n images is proportional to ``n ** power`` (Kang et al.,
    arXiv 1910.09217, section 3): 0 samples all classes equally often, 0.5 is their square-root
    sampling, 1 leaves the classes as they are. An epoch keeps its length, and is the same for any
    number of processes. Each copy of an image that comes several times in an epoch gets its own
    augmentation, see :class:`Repeat`.

    Args:
        dataset: The images, with ``get_gt_labels()``.
        power: Exponent from 0 to 1, see above. Defaults to 0.
        seed: Seed; with the number of the epoch it determines the samples. Defaults to None: one
            that all processes share.

    Raises:
        ConvcutError: The power is not from 0 to 1, or the data set has no labels.
    """

    def __init__(self, dataset, power: float = 0.0, seed: int | None = None) -> None:
        if not 0 <= power <= 1:
            raise ConvcutError(
                f'ClassBalancedSampler: power={power}, expected 0 (all classes equally often) to 1'
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
        """Iterate over the numbers of this process's images in this epoch."""
        generator = torch.Generator()
        # hashed together: with a sum, seed 0 in epoch 1 would sample as seed 1 in epoch 0
        generator.manual_seed(mixed_seed(self.seed, self.epoch))
        sampled = torch.multinomial(self.weights, self.total_size, True, generator=generator)
        return iter(mark_repeats(sampled.numpy())[self.rank :: self.world_size])
