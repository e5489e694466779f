"""How far a metric is to be trusted: bootstrap over the test images, spread over seeds.

The percentile bootstrap (Efron 1979) asks what other test images of the same kind would have
given. It says nothing about other trainings: for that there are several seeds.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from ...errors import ConvcutError
from .estimate import Estimate

LEVEL = 0.95
DRAWS = 2000
_NUMBERS_AT_ONCE = 2**22  # of resampled counts: 32 MiB


def bootstrap(
    statistics: Callable,
    columns: Sequence[np.ndarray],
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Estimate]:
    """Estimate metrics with percentile bootstrap intervals over the images.

    Images with equal entries in all columns make one cell of a joint table, and every metric
    follows from the images in each cell. Drawing N images with replacement is then one draw from
    the multinomial distribution over the cells. Columns that belong to the same images (seeds,
    methods to compare) stay paired, since the cells hold all of them.

    Args:
        statistics (callable): ``statistics(cells, counts)`` takes the distinct rows of the table,
            (K, M), and how many images each has, (..., K), and gives F metrics of S seeds,
            (..., S, F). Draws in which a metric is nan do not count for its interval.
        columns (Sequence[np.ndarray]): M columns of N integers or truth values, an entry an image;
            an array of shape (N, S) stands for S columns.
        level (float): Share of the draws that an interval holds. Defaults to 0.95.
        draws (int): Number of draws of N images with replacement. Defaults to 2000.
        seed (int): Seed; equal tables are drawn from alike. Defaults to 0.

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
    step = max(1, _NUMBERS_AT_ONCE // len(cells))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        drawn = rng.multinomial(len(table), counts / len(table), size=size)
        resampled.append(statistics(cells, drawn).mean(axis=-2))
    with warnings.catch_warnings():
        # a class without images has no accuracy in any draw, and so no interval
        warnings.filterwarnings('ignore', message='All-NaN slice')
        ends = np.nanpercentile(
            np.concatenate(resampled), [50 * (1 - level), 50 * (1 + level)], axis=0
        )
    return [
        Estimate.of_seeds(column, (float(low), float(high)))
        for column, low, high in zip(values.T, *ends)
    ]
