"""Seed of an epoch."""

import numpy as np


def mixed_seed(seed: int, epoch: int) -> int:
    """Hash a seed and the number of an epoch into a seed for torch, below 2 ** 63.

    The result is the same in every process; runs with neighbouring seeds share no epoch.
    """
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0] >> 1)
