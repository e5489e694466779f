"""Make random numbers depend on seed and epoch, not on the history of the process."""

import random
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from ...datasets.samplers import mixed_seed


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """A hook that seeds every random generator at the start of each epoch.

    A training that was resumed after an epoch then samples the same numbers as one that never
    stopped: the order of the images from (seed, epoch), dropout from (seed, epoch, rank), and
    augmentation by :meth:`FERDataset.set_epoch` from (seed, epoch, image, copy of the image).
    mmengine's worker processes continue from the current state of their generators, or sample the
    same numbers in every epoch.

    ``ClassBalancedSampler`` distinguishes the copies of an image. Copies that ``RepeatDataset`` or
    ``ClassBalancedDataset`` make within an epoch are augmented alike.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner) -> None:
        """Seed Python, numpy, torch and the data set."""
        seeds = self._seeds(runner)
        random.seed(int(seeds[0]))
        np.random.seed(seeds[1])
        torch.manual_seed(int(seeds[2]))
        loader = runner.train_dataloader
        # loaders of stored features have a batch sampler only
        samplers: list[Any] = [loader.sampler, getattr(loader.batch_sampler, 'sampler', None)]
        for sampler in samplers:
            if hasattr(sampler, 'seed'):
                # mmengine seeds with seed + epoch, so neighbouring seeds share epochs; and without
                # a seed in the config a resumed training builds its sampler with another one
                sampler.seed = mixed_seed(runner.seed, runner.epoch)
        _set_epoch(loader.dataset, runner.seed, runner.epoch)

    def before_train_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        """Seed torch again for dropout: starting worker processes has advanced its generator."""
        if batch_idx == 0:
            torch.manual_seed(int(self._seeds(runner)[3]))

    @staticmethod
    def _seeds(runner) -> np.ndarray:
        return np.random.SeedSequence([runner.seed, runner.epoch, get_rank()]).generate_state(4)


def _set_epoch(dataset, seed: int, epoch: int) -> None:
    """Call ``set_epoch`` of a data set and of those in wrappers such as ConcatDataset."""
    if hasattr(dataset, 'set_epoch'):
        dataset.set_epoch(seed, epoch)
    for inner in getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]:
        if inner is not None:
            _set_epoch(inner, seed, epoch)
