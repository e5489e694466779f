"""Bootstrap intervals of metrics, over the test images or over seeds and images.

The percentile bootstrap (Efron 1979) over images estimates how a metric varies over test images of
the same kind. It says nothing about how it varies over trainings. Resampling the seeds as well
(Owen 2007, "The pigeonhole bootstrap") covers both: all seeds are tested on the same images, so
one resample of images serves every seed. Its intervals are too wide where trainings hardly differ,
and somewhat too narrow where few seeds differ much; three or five are few.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from ...errors import ConvcutError
from .estimate import Estimate

LEVEL = 0.95
RESAMPLES = 2000
_PICKS_AT_ONCE = 2**22  # resampled images in memory, 32 MiB

Statistics = Callable[[np.ndarray, np.ndarray], np.ndarray]


def bootstrap(
    statistics: Statistics,
    columns: Sequence[np.ndarray],
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Estimate]:
    """Estimate metrics with percentile bootstrap intervals over the images.

    For intervals over seeds too see :class:`~convcut_mm.evaluation.functional.ResampledMetrics`.

    Args:
        statistics (callable): See :func:`resample_images`.
        columns (Sequence[np.ndarray]): See :func:`resample_images`.
        level (float): Fraction of the resamples inside an interval. Defaults to 0.95.
        resamples (int): Number of resamples. Defaults to 2000.
        seed (int): Seed; equal tables give equal resamples. Defaults to 0.

    Returns:
        list[Estimate]: F estimates: means over the seeds, the intervals of these means, and the
        standard deviations over the seeds.

    Raises:
        ConvcutError: No images.
    """
    values, resampled = resample_images(statistics, columns, resamples, seed)
    ends = percentile_interval(resampled.mean(axis=1), level)
    return [
        Estimate.of_seeds(column, (float(low), float(high)))
        for column, low, high in zip(values.T, *ends)
    ]


def resample_images(
    statistics: Statistics, columns: Sequence[np.ndarray], resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Compute metrics of each seed on resamples of the images, the same for all seeds.

    Images with equal entries in all columns form one cell of a joint table, and every metric
    depends only on the number of images in each cell. Columns of the same images (seeds, methods
    to compare) stay paired, because each cell holds all of them.

    Args:
        statistics (callable): ``statistics(cells, counts)`` takes the distinct rows of the table,
            (K, M), and the number of images in each, (..., K), and returns F metrics of S seeds,
            (..., S, F).
        columns (Sequence[np.ndarray]): M columns of N integers or booleans, one entry an image;
            an array of shape (N, S) counts as S columns.
        resamples (int): R, the number of resamples of N images with replacement.
        seed (int): Seed; N images are resampled alike whatever the columns hold.

    Returns:
        tuple[np.ndarray, np.ndarray]: The metrics on all images, (S, F), and on the resamples,
        (R, S, F); nan where a resample has no image that a metric needs.

    Raises:
        ConvcutError: No images.
    """
    table = np.column_stack(columns)
    images = len(table)
    if images == 0:
        raise ConvcutError('no images to evaluate')
    cells, cell_of_image, counts = np.unique(
        table, axis=0, return_inverse=True, return_counts=True
    )
    cell_of_image = cell_of_image.reshape(-1)  # numpy 2.0 kept the axes
    values = statistics(cells, counts)
    rng = np.random.default_rng(seed)
    resampled = []
    step = max(1, _PICKS_AT_ONCE // images)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        # by image: sampling counts by cell is slower, and its stream depends on the cells
        picks = cell_of_image[rng.integers(images, size=(size, images))]
        picks += len(cells) * np.arange(size)[:, None]
        sampled = np.bincount(picks.reshape(-1), minlength=size * len(cells))
        resampled.append(statistics(cells, sampled.reshape(size, -1)))
    return values, np.concatenate(resampled)


def mean_over_seeds(resampled: np.ndarray, seed: int, stream: int = 1) -> np.ndarray:
    """Return the means over seeds that are resampled with replacement.

    Args:
        resampled (np.ndarray): Metrics, (R, S, F), of :func:`resample_images`.
        seed (int): Seed.
        stream (int): Another number gives seeds that are resampled independently, for methods
            whose seeds have nothing in common. Defaults to 1.

    Returns:
        np.ndarray: Shape (R, F).
    """
    size, seeds = resampled.shape[:2]
    rng = np.random.default_rng([seed, stream])
    weights = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=size) / seeds
    return np.einsum('rs,rsf->rf', weights, resampled)


def percentile_interval(means: np.ndarray, level: float = LEVEL) -> np.ndarray:
    """Return the ends of intervals, (2, F), from the metrics of resamples, (R, F), nan ignored."""
    with warnings.catch_warnings():
        # a class without images has no accuracy in any resample, and so no interval
        warnings.filterwarnings('ignore', message='All-NaN slice')
        return np.nanpercentile(means, [50 * (1 - level), 50 * (1 + level)], axis=0)
