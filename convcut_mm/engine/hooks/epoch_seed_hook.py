"""Random draws that depend on the epoch, not on the history of the process."""

import random

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from ...datasets.samplers import mixed_seed


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seeds every generator anew at the start of each epoch.

    With it a run that was interrupted and resumed at an epoch's end makes the same draws as one
    that never stopped: the images' order from (seed, epoch), dropout in this process from (seed,
    epoch, rank), augmentation by :meth:`FERDataset.set_epoch` from (seed, epoch, image, copy of
    the image). mmengine's worker processes instead go on from wherever their generators are, or
    start every epoch with the same draws.

    ``ClassBalancedSampler`` tells the copies of an image apart; those that ``RepeatDataset`` or
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
        # a loader of stored features has the sampler in its batch sampler only
        for sampler in (loader.sampler, getattr(loader.batch_sampler, 'sampler', None)):
            if hasattr(sampler, 'seed'):
                # mmengine's adds the epoch, so that seeds that follow each other share epochs; and
                # on resume without a seed in the config the sampler was built with another one
                sampler.seed = mixed_seed(runner.seed, runner.epoch)
        _set_epoch(loader.dataset, runner.seed, runner.epoch)

    def before_train_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        """Seed torch again for dropout: starting worker processes has drawn from it."""
        if batch_idx == 0:
            torch.manual_seed(int(self._seeds(runner)[3]))

    @staticmethod
    def _seeds(runner) -> np.ndarray:
        return np.random.SeedSequence([runner.seed, runner.epoch, get_rank()]).generate_state(4)


def _set_epoch(dataset, seed: int, epoch: int) -> None:
    """Reach through wrappers such as ClassBalancedDataset and ConcatDataset."""
    if hasattr(dataset, 'set_epoch'):
        dataset.set_epoch(seed, epoch)
    for inner in getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]:
        if inner is not None:
            _set_epoch(inner, seed, epoch)
