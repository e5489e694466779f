"""The seed of an epoch."""

import numpy as np


def mixed_seed(seed: int, epoch: int) -> int:
    """Hash of a seed and an epoch's number, below 2 ** 63: what torch takes for a seed.

    The same in every process; runs with neighbouring seeds share no epoch.
    """
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0] >> 1)
