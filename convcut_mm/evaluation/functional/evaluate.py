"""Evaluate a method on a test set: all metrics with intervals, for one or several seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .accuracy import class_accuracies, confusion_matrices
from .bootstrap import LEVEL, RESAMPLES
from .estimate import Estimate
from .resampled import ResampledMetrics
from .wilson import wilson_interval


@dataclass
class Metrics:
    """The metrics of one method; ``class_accuracies`` has an estimate for each class."""

    overall_accuracy: Estimate
    mean_class_accuracy: Estimate
    macro_f1: Estimate
    class_accuracies: Sequence[Estimate]


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
            seeds.
        num_classes (int): C, the number of classes.
        level (float): Fraction of the resamples inside an interval. Defaults to 0.95.
        resamples (int): Number of bootstrap resamples. Defaults to 2000.
        seed (int): Seed of the resamples. Defaults to 0.

    Returns:
        Metrics: In per cent, means over the seeds; nan for a class without images. The intervals
        are over seeds and images (bootstrap; one seed: over the images), those of the classes over
        the images of the class (:func:`wilson_interval`).

    Raises:
        ConvcutError: No images, or a label that is not between 0 and C - 1.
    """
    resampled = ResampledMetrics(labels, pred_labels, num_classes, resamples, seed)
    overall, mean_class, f1 = resampled.estimates(level)
    by_class = evaluate_classes(labels, pred_labels, num_classes, level)
    return Metrics(overall, mean_class, f1, by_class)


def evaluate_classes(
    labels: np.ndarray, pred_labels: np.ndarray, num_classes: int, level: float = LEVEL
) -> list[Estimate]:
    """Estimate the accuracy in each class, with Wilson intervals.

    Args:
        labels (np.ndarray): See :func:`evaluate`.
        pred_labels (np.ndarray): See :func:`evaluate`.
        num_classes (int): C, the number of classes.
        level (float): Confidence level of the intervals. Defaults to 0.95.

    Returns:
        list[Estimate]: In per cent, means over the seeds; nan for a class without images.

    Raises:
        ConvcutError: A label is not between 0 and C - 1.
    """
    pred_labels = np.reshape(pred_labels, (len(labels), -1))
    matrices = confusion_matrices(labels, pred_labels, np.ones(len(labels)), num_classes)
    right = np.diagonal(matrices, axis1=-2, axis2=-1).mean(axis=0)
    images = matrices[0].sum(axis=-1)
    return [
        Estimate.of_seeds(rates, wilson_interval(float(count), int(number), level))
        for rates, count, number in zip(class_accuracies(matrices).T, right, images)
    ]
