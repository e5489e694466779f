"""Evaluate a method on a test set: all metrics with intervals, for one or several seeds."""

from dataclasses import dataclass

import numpy as np

from .accuracy import (
    class_accuracies,
    confusion_matrices,
    macro_f1,
    mean_class_accuracy,
    overall_accuracy,
)
from .bootstrap import LEVEL, RESAMPLES, bootstrap
from .estimate import Estimate


@dataclass
class Metrics:
    """The metrics of one method; ``class_accuracies`` has an estimate for each class."""

    overall_accuracy: Estimate
    mean_class_accuracy: Estimate
    macro_f1: Estimate
    class_accuracies: list[Estimate]


def evaluate(
    labels: np.ndarray,
    pred_labels: np.ndarray,
    num_classes: int,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Metrics:
    """Evaluate the predictions of one method.

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        pred_labels (np.ndarray): Predicted classes, integers of shape (N, ), or (N, S) for S
            seeds. The interval of several seeds is that of their mean, on the same resamples.
        num_classes (int): C, the number of classes.
        level (float): Fraction of the resamples inside an interval. Defaults to 0.95.
        resamples (int): Number of bootstrap resamples. Defaults to 2000.
        seed (int): Seed of the resamples. Defaults to 0.

    Returns:
        Metrics: In per cent; nan for a class without images.

    Raises:
        ConvcutError: No images, or a label that is not between 0 and C - 1.
    """

    def of_each_seed(cells: np.ndarray, counts: np.ndarray) -> np.ndarray:
        matrices = confusion_matrices(cells[:, 0], cells[:, 1:], counts, num_classes)
        means = [metric(matrices) for metric in (overall_accuracy, mean_class_accuracy, macro_f1)]
        return np.concatenate([np.stack(means, axis=-1), class_accuracies(matrices)], axis=-1)

    estimates = bootstrap(of_each_seed, [labels, pred_labels], level, resamples, seed)
    overall, mean_class, f1, *of_classes = estimates
    return Metrics(overall, mean_class, f1, of_classes)


def difference(
    labels: np.ndarray,
    first: np.ndarray,
    other: np.ndarray,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Estimate how much higher the overall accuracy of ``other`` is than that of ``first``.

    Both are compared on the same resamples, so what makes images hard for both cancels out.

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        first (np.ndarray): Predicted classes of one method, shape (N, ) or (N, S).
        other (np.ndarray): Predicted classes of the other method, shape (N, ) or (N, T).
        level (float): Fraction of the resamples inside the interval. Defaults to 0.95.
        resamples (int): Number of bootstrap resamples. Defaults to 2000.
        seed (int): Seed of the resamples. Defaults to 0.

    Returns:
        Estimate: In percentage points, with the paired interval; an interval without zero means
        that the test set is large enough to tell the two methods apart.

    Raises:
        ConvcutError: No images.
    """
    labels = np.asarray(labels)[:, None]
    right = [np.reshape(one, (len(labels), -1)) == labels for one in (first, other)]
    seeds = right[0].shape[1]

    def gain(cells: np.ndarray, counts: np.ndarray) -> np.ndarray:
        gains = cells[:, seeds:].mean(axis=1) - cells[:, :seeds].mean(axis=1)
        return 100 * (counts @ gains / len(labels))[..., None, None]

    (estimate,) = bootstrap(gain, right, level, resamples, seed)
    return estimate
