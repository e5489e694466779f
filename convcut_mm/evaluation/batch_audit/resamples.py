"""Bootstrap intervals over trainings and images of one number an image, for many such tables."""

import numpy as np

from ..functional.bootstrap import LEVEL, RESAMPLES


class Resamples:
    """Samples of trainings and, independently, of images, drawn once and used for many tables.

    Args:
        images (int): N.
        seeds (int): S, the number of trainings; one training is not resampled.
        count (int): Number of samples. Defaults to 2000.
        seed (int): Of the samples. Defaults to 0.
    """

    def __init__(self, images: int, seeds: int, count: int = RESAMPLES, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)

        def weights(number: int) -> np.ndarray:
            drawn = rng.integers(0, number, (count, number))
            rows = np.arange(count)[:, None] * number
            counts = np.bincount((drawn + rows).ravel(), minlength=count * number)
            return counts.reshape(count, number).astype(np.float32) / number

        self._images, self._seeds = weights(images), weights(seeds)

    def interval(self, values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
        """Return the percentile interval of the mean of a table.

        Args:
            values (ndarray): (S, N): a number for each training and image.
            level (float): Fraction of the samples inside. Defaults to 0.95.
        """
        means = self._images @ values.T.astype(np.float32)
        sampled = (means * self._seeds).sum(axis=1)
        low, high = np.percentile(sampled, [50 * (1 - level), 50 * (1 + level)])
        return float(low), float(high)
