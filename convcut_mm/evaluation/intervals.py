"""How far a figure is to be trusted: bootstrap over the test images, spread over seeds.

The percentile bootstrap (Efron 1979) asks what other test images of the same kind would have
given. It says nothing about other trainings: for that there are several seeds.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from ..errors import ConvcutError

LEVEL = 0.95
DRAWS = 2000


def bootstrap(
    statistic: Callable,
    labels: np.ndarray,
    answers: np.ndarray,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> np.ndarray:
    """Percentile bootstrap intervals of one or several figures over the images.

    Args:
        statistic (callable): ``statistic(labels, answers)`` gives a number, or an array of K.
            Draws in which a figure is nan don't count for it.
        labels (np.ndarray): True classes, shape (N, ).
        answers (np.ndarray): What is drawn along with the labels: shape (N, ), or (N, S) for
            the answers of S seeds or methods to the same images.
        level (float): Share of the draws that an interval holds. Defaults to 0.95.
        draws (int): Number of draws of N images with replacement. Defaults to 2000.
        seed (int): Seed; equal ones draw equal images. Defaults to 0.

    Returns:
        np.ndarray: The lower and the upper ends, shape (2, ) or (2, K).

    Raises:
        ConvcutError: No images.
    """
    labels, answers = np.asarray(labels), np.asarray(answers)
    return _ends(lambda at: statistic(labels[at], answers[at]), len(labels), level, draws, seed)


def bootstrap_interval(
    statistic: Callable,
    labels: np.ndarray,
    answers: np.ndarray,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple:
    """Percentile bootstrap interval of one figure over the images, see :func:`bootstrap`.

    Args:
        statistic (callable): ``statistic(labels, answers) -> float``.
        labels (np.ndarray): True classes, shape (N, ).
        answers (np.ndarray): Answered classes, shape (N, ).
        level (float): Share of the draws that the interval holds. Defaults to 0.95.
        draws (int): Number of draws. Defaults to 2000.
        seed (int): Seed. Defaults to 0.

    Returns:
        tuple[float, float]: Lower and upper end, in the statistic's unit.
    """
    low, high = bootstrap(statistic, labels, answers, level, draws, seed)
    return float(low), float(high)


def difference_interval(
    statistic: Callable,
    labels: np.ndarray,
    first: np.ndarray,
    other: np.ndarray,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple:
    """Paired bootstrap interval of how much better ``other`` is than ``first``.

    Both answer the same drawn images, so what makes images hard for both cancels out.

    Args:
        statistic (callable): ``statistic(labels, answers) -> float``.
        labels (np.ndarray): True classes, shape (N, ).
        first (np.ndarray): Answers of one method, shape (N, ) or (N, S).
        other (np.ndarray): Answers of the other method, shape (N, ) or (N, T).
        level (float): Share of the draws that the interval holds. Defaults to 0.95.
        draws (int): Number of draws. Defaults to 2000.
        seed (int): Seed. Defaults to 0.

    Returns:
        tuple[float, float]: Lower and upper end; zero outside means that the images suffice to
        tell the two apart.
    """
    labels, first, other = np.asarray(labels), np.asarray(first), np.asarray(other)

    def difference(at: np.ndarray) -> float:
        return statistic(labels[at], other[at]) - statistic(labels[at], first[at])

    low, high = _ends(difference, len(labels), level, draws, seed)
    return float(low), float(high)


def mean_and_spread(values: Sequence) -> tuple:
    """Mean and sample standard deviation, for one figure over several seeds.

    Args:
        values (Sequence[float]): A figure for each seed.

    Returns:
        tuple[float, float]: Mean and standard deviation (n - 1); the latter nan for one value.
    """
    values = np.asarray(values, dtype=float)
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else float('nan')


def _ends(figure: Callable, images: int, level: float, draws: int, seed: int) -> np.ndarray:
    """The two ends for a figure of the images at some indices."""
    if images == 0:
        raise ConvcutError('no images to score')
    random = np.random.default_rng(seed)
    values = [figure(random.integers(images, size=images)) for _ in range(draws)]
    with warnings.catch_warnings():
        # a class without images has no figure in any draw, and so none at the end
        warnings.filterwarnings('ignore', message='All-NaN slice')
        return np.nanpercentile(values, [50 * (1 - level), 50 * (1 + level)], axis=0)
