"""Which images are shown: some of each class, drawn by a seed."""

from collections.abc import Sequence

import numpy as np


def sample_per_class(labels: Sequence[int], per_class: int, seed: int = 0) -> np.ndarray:
    """Draws images of each class without replacement.

    A class's draw depends on the seed and the class alone, and a larger ``per_class`` only adds
    images to it.

    Args:
        labels (Sequence[int]): Label of each image, (N,).
        per_class (int): Images a class; a class with fewer gives all of them.
        seed (int): Seed. Defaults to 0.

    Returns:
        ndarray: Indices of the images, ordered by class.
    """
    labels = np.asarray(labels)
    chosen = [
        np.random.default_rng([seed, int(label)]).permutation(np.flatnonzero(labels == label))
        for label in np.unique(labels)
    ]
    return np.concatenate([indices[:per_class] for indices in chosen] or [np.empty(0, int)])
