"""The metrics of one method on resamples of images and seeds, and differences between methods."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .accuracy import confusion_matrices, macro_f1, mean_class_accuracy, overall_accuracy
from .bootstrap import LEVEL, RESAMPLES, mean_over_seeds, percentile_interval, resample_images
from .estimate import Estimate

# of the last axis of ResampledMetrics
AVERAGES = ('overall_accuracy', 'mean_class_accuracy', 'macro_f1')


@dataclass
class Differences:
    """How much higher the metrics of one method are than those of another, in percentage points.

    ``spread`` is that of the differences of paired seeds.
    """

    overall_accuracy: Estimate
    mean_class_accuracy: Estimate
    macro_f1: Estimate


class ResampledMetrics:
    """Overall accuracy, mean class accuracy and macro F1 of each seed, on the same resamples.

    Equal numbers of images are resampled alike, so methods that were tested on the same images in
    the same order are compared on the same resamples.

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        pred_labels (np.ndarray): Predicted classes, integers of shape (N, ), or (N, S) for S
            seeds.
        num_classes (int): C, the number of classes.
        resamples (int): R, the number of resamples. Defaults to 2000.
        seed (int): Seed of the resamples. Defaults to 0.

    Attributes:
        values (np.ndarray): The metrics on all images in per cent, (S, 3).
        resampled (np.ndarray): The metrics on resamples of the images, (R, S, 3).

    Raises:
        ConvcutError: No images, or a label that is not between 0 and C - 1.
    """

    def __init__(
        self,
        labels: np.ndarray,
        pred_labels: np.ndarray,
        num_classes: int,
        resamples: int = RESAMPLES,
        seed: int = 0,
    ) -> None:
        def of_each_seed(cells: np.ndarray, counts: np.ndarray) -> np.ndarray:
            matrices = confusion_matrices(cells[:, 0], cells[:, 1:], counts, num_classes)
            metrics = (overall_accuracy, mean_class_accuracy, macro_f1)
            return np.stack([metric(matrices) for metric in metrics], axis=-1)

        self.seed = seed
        self.values, self.resampled = resample_images(
            of_each_seed, [labels, pred_labels], resamples, seed
        )

    def take(self, columns: Sequence[int]) -> 'ResampledMetrics':
        """Return these metrics of some of the seeds, by their columns in ``pred_labels``."""
        taken = ResampledMetrics.__new__(ResampledMetrics)
        taken.seed = self.seed
        taken.values, taken.resampled = self.values[columns], self.resampled[:, columns]
        return taken

    def estimates(self, level: float = LEVEL) -> list[Estimate]:
        """Return means over the seeds with intervals over seeds and images.

        Args:
            level (float): Fraction of the resamples inside an interval. Defaults to 0.95.

        Returns:
            list[Estimate]: Of the three metrics. One seed: the intervals are over the images.
        """
        return _estimates(self.values, mean_over_seeds(self.resampled, self.seed), level)

    def above(
        self, other: 'ResampledMetrics', paired: bool = False, level: float = LEVEL
    ) -> Differences:
        """Estimate how much higher these metrics are than those of another method.

        What makes images hard for both cancels out. An interval without zero means that seeds and
        test images together suffice to tell the two methods apart.

        Args:
            other (ResampledMetrics): The other method, tested on the same images.
            paired (bool): Both have the same seeds in the same order; they are resampled together.
                Defaults to False: independently.
            level (float): Fraction of the resamples inside an interval. Defaults to 0.95.

        Returns:
            Differences: Means over the seeds, with intervals over seeds and images.
        """
        if paired:
            gains = self.values - other.values
            means = mean_over_seeds(self.resampled - other.resampled, self.seed)
        else:
            gains = (self.values.mean(axis=0) - other.values.mean(axis=0))[None]
            means = mean_over_seeds(self.resampled, self.seed)
            means = means - mean_over_seeds(other.resampled, self.seed, stream=2)
        return Differences(*_estimates(gains, means, level))


def difference(
    labels: np.ndarray,
    first: np.ndarray,
    other: np.ndarray,
    num_classes: int,
    paired: bool = False,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Differences:
    """Estimate how much higher the metrics of ``other`` are than those of ``first``.

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        first (np.ndarray): Predicted classes of one method, shape (N, ) or (N, S).
        other (np.ndarray): Predicted classes of the other method, shape (N, ) or (N, T).
        num_classes (int): C, the number of classes.
        paired (bool): See :meth:`ResampledMetrics.above`. Defaults to False.
        level (float): Fraction of the resamples inside the interval. Defaults to 0.95.
        resamples (int): Number of resamples. Defaults to 2000.
        seed (int): Seed of the resamples. Defaults to 0.

    Returns:
        Differences: See :meth:`ResampledMetrics.above`.

    Raises:
        ConvcutError: See :class:`ResampledMetrics`.
    """
    before, after = (
        ResampledMetrics(labels, one, num_classes, resamples, seed) for one in (first, other)
    )
    return after.above(before, paired, level)


def _estimates(values: np.ndarray, means: np.ndarray, level: float) -> list[Estimate]:
    ends = percentile_interval(means, level)
    return [
        Estimate.of_seeds(column, (float(low), float(high)))
        for column, low, high in zip(values.T, *ends)
    ]
