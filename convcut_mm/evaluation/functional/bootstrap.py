"""Bootstrap intervals of metrics over the test images, and their spread over seeds.

The percentile bootstrap (Efron 1979) estimates how a metric varies over test images of the same
kind. It says nothing about how it varies over trainings; several seeds do.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from ...errors import ConvcutError
from .estimate import Estimate

LEVEL = 0.95
RESAMPLES = 2000
_COUNTS_AT_ONCE = 2**22  # resampled counts in memory, 32 MiB


def bootstrap(
    statistics: Callable[[np.ndarray, np.ndarray], np.ndarray],
    columns: Sequence[np.ndarray],
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Estimate]:
    """Estimate metrics with percentile bootstrap intervals over the images.

    Images with equal entries in all columns form one cell of a joint table, and every metric
    depends only on the number of images in each cell. Sampling N images with replacement is then
    one sample of the multinomial distribution over the cells. Columns of the same images (seeds,
    methods to compare) stay paired, because each cell holds all of them.

    Args:
        statistics (callable): ``statistics(cells, counts)`` takes the distinct rows of the table,
            (K, M), and the number of images in each, (..., K), and returns F metrics of S seeds,
            (..., S, F). The interval of a metric ignores resamples in which it is nan.
        columns (Sequence[np.ndarray]): M columns of N integers or booleans, one entry an image;
            an array of shape (N, S) counts as S columns.
        level (float): Fraction of the resamples inside an interval. Defaults to 0.95.
        resamples (int): Number of resamples of N images with replacement. Defaults to 2000.
        seed (int): Seed; equal tables give equal resamples. Defaults to 0.

    Returns:
        list[Estimate]: F estimates: means over the seeds, the intervals of these means, and the
        standard deviations over the seeds.

    Raises:
        ConvcutError: No images.
    """
    table = np.column_stack(columns)
    if len(table) == 0:
        raise ConvcutError('no images to evaluate')
    cells, counts = np.unique(table, axis=0, return_counts=True)
    values = statistics(cells, counts)
    rng = np.random.default_rng(seed)
    resampled = []
    step = max(1, _COUNTS_AT_ONCE // len(cells))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        sampled = rng.multinomial(len(table), counts / len(table), size=size)
        resampled.append(statistics(cells, sampled).mean(axis=-2))
    with warnings.catch_warnings():
        # a class without images has no accuracy in any resample, and so no interval
        warnings.filterwarnings('ignore', message='All-NaN slice')
        ends = np.nanpercentile(
            np.concatenate(resampled), [50 * (1 - level), 50 * (1 + level)], axis=0
        )
    return [
        Estimate.of_seeds(column, (float(low), float(high)))
        for column, low, high in zip(values.T, *ends)
    ]
