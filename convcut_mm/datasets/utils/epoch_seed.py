"""Random numbers that follow seed, epoch and image, not what was sampled before."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from ..samplers.repeats import occurrence


@contextmanager
def preserved_generators() -> Iterator[None]:
    """Restore the states of Python's, numpy's and torch's (CPU) generators afterwards."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


class EpochSeed:
    """Seed and epoch of a data set's random numbers, not set at first."""

    def __init__(self) -> None:
        # shared memory, so that persistent worker processes see the next epoch's number
        self._key = torch.full((2,), -1, dtype=torch.int64).share_memory_()

    def set(self, seed: int, epoch: int) -> None:
        """Set both, for all processes that share the data set."""
        self._key[0], self._key[1] = seed, epoch

    @property
    def key(self) -> tuple[int, int]:
        """Seed and epoch, (-1, -1) before they are set."""
        seed, epoch = self._key.tolist()
        return seed, epoch

    @property
    def is_set(self) -> bool:
        """Whether there is an epoch."""
        return self.key[1] >= 0

    def seed_generators(self, idx: int) -> None:
        """Seed Python's, numpy's and torch's (CPU) generators for one image.

        Args:
            idx: Number of the image; a :class:`Repeat` gets random numbers of its own.
        """
        numbers = (*self.key, int(idx), occurrence(idx))
        seeds = np.random.SeedSequence(numbers).generate_state(3)
        random.seed(int(seeds[0]))
        np.random.seed(seeds[1])
        # not torch.manual_seed, which also seeds every GPU and so can't run in a forked worker
        torch.default_generator.manual_seed(int(seeds[2]))
