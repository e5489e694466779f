"""Random draws that depend on the epoch, not on the history of the process."""

import random

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seeds every generator anew at the start of each epoch.

    With it a run that was interrupted and resumed at an epoch's end makes the same draws as one
    that never stopped: dropout in this process from (seed, epoch, rank), augmentation by
    :meth:`FERDataset.set_epoch` from (seed, epoch, image). mmengine's worker processes instead go
    on from wherever their generators are, or start every epoch with the same draws.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner) -> None:
        """Seeds Python, numpy, torch and the data set."""
        seeds = self._seeds(runner)
        random.seed(int(seeds[0]))
        np.random.seed(seeds[1])
        torch.manual_seed(int(seeds[2]))
        loader = runner.train_dataloader
        if hasattr(loader.sampler, 'seed'):
            # on resume without a seed in the config the sampler was built with another one
            loader.sampler.seed = runner.seed
        _set_epoch(loader.dataset, runner.seed, runner.epoch)

    def before_train_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        """Seeds torch again for dropout: starting worker processes has drawn from it."""
        if batch_idx == 0:
            torch.manual_seed(int(self._seeds(runner)[3]))

    @staticmethod
    def _seeds(runner) -> np.ndarray:
        return np.random.SeedSequence([runner.seed, runner.epoch, get_rank()]).generate_state(4)


def _set_epoch(dataset, seed: int, epoch: int) -> None:
    """Reaches through wrappers such as ClassBalancedDataset and ConcatDataset."""
    if hasattr(dataset, 'set_epoch'):
        dataset.set_epoch(seed, epoch)
    for inner in getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]:
        if inner is not None:
            _set_epoch(inner, seed, epoch)
