"""Ways to split a test set into batches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import ConvcutError

ALONE = 'alone'
SHUFFLED = 'shuffled'
CLASS_ORDERED = 'class-ordered'


@dataclass(frozen=True)
class Regime:
    """A way to split a test set into batches.

    Args:
        order (str): 'alone' (batches of one), 'shuffled', or 'class-ordered' (class after class in
            the order of their numbers, shuffled within a class).
        batch_size (int): Images a batch; the last batch may have fewer. Defaults to 1.
        seed (int, optional): Seed of the shuffle. Defaults to None: no shuffle.
    """

    order: str = ALONE
    batch_size: int = 1
    seed: int | None = None

    def batches(self, labels: np.ndarray) -> list[np.ndarray]:
        """Split the test set.

        Args:
            labels (ndarray): Class of each of N images, (N,).

        Returns:
            list[ndarray]: Indices into ``labels``, each of them once.
        """
        order = np.arange(len(labels))
        if self.seed is not None:
            order = np.random.default_rng(self.seed).permutation(order)
        if self.order == CLASS_ORDERED:
            order = order[np.argsort(labels[order], kind='stable')]
        return np.split(order, range(self.batch_size, len(order), self.batch_size))


def regimes(batch_sizes: Sequence[int], seeds: int) -> list[Regime]:
    """Return the regimes of an audit: batches of one, then each order with each size and seed.

    Args:
        batch_sizes (Sequence[int]): Two or more images a batch.
        seeds (int): Number of shuffles of each order and size: seeds 0, 1, ...

    Raises:
        ConvcutError: No batch size, one below 2, or no seed.
    """
    sizes = sorted(set(batch_sizes))
    if not sizes or sizes[0] < 2:
        raise ConvcutError(
            f'batch sizes {" ".join(map(str, batch_sizes))}: expected 2 or more images a batch; '
            'batches of one are always tested'
        )
    if seeds < 1:
        raise ConvcutError(f'{seeds} seeds: expected at least one')
    return [Regime()] + [
        Regime(order, size, seed)
        for order in (SHUFFLED, CLASS_ORDERED)
        for size in sizes
        for seed in range(seeds)
    ]


def probe_batches(
    tests: Sequence[Regime], labels: np.ndarray, images: int = 8
) -> list[np.ndarray]:
    """Return a few batches of each order of an audit: the first, the middle and the last.

    Args:
        tests (Sequence[Regime]): The audit's regimes; each order uses its smallest batch size.
        labels (ndarray): Class of each image, (N,).
        images (int): Number of batches of one. Defaults to 8.
    """
    smallest: dict[str, Regime] = {}
    for regime in sorted(tests, key=lambda regime: regime.batch_size):
        smallest.setdefault(regime.order, regime)
    probes = []
    for regime in smallest.values():
        batches = regime.batches(labels)
        count = images if regime.batch_size == 1 else 3
        places = np.unique(np.linspace(0, len(batches) - 1, count).round().astype(int))
        probes += [batches[place] for place in places]
    return probes
