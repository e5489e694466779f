"""All metrics of one method on a test set, with intervals, for one or several seeds."""

from dataclasses import dataclass

import numpy as np

from .accuracy import (
    class_accuracies,
    confusion_matrices,
    macro_f1,
    mean_class_accuracy,
    overall_accuracy,
)
from .bootstrap import DRAWS, LEVEL, bootstrap
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
    draws: int = DRAWS,
    seed: int = 0,
) -> Metrics:
    """Evaluate the predictions of one method.

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        pred_labels (np.ndarray): Predicted classes, integers of shape (N, ), or (N, S) for S
            seeds. The interval of several seeds is that of their mean, on the same drawn images.
        num_classes (int): C, the number of classes.
        level (float): Share of the draws that an interval holds. Defaults to 0.95.
        draws (int): Draws of the bootstrap. Defaults to 2000.
        seed (int): Seed of the draws. Defaults to 0.

    Returns:
        Metrics: In per cent; nan for a class without images.

    Raises:
        ConvcutError: No images, or a class that is not from 0 to C - 1.
    """

    def of_each_seed(cells: np.ndarray, counts: np.ndarray) -> np.ndarray:
        matrices = confusion_matrices(cells[:, 0], cells[:, 1:], counts, num_classes)
        means = [metric(matrices) for metric in (overall_accuracy, mean_class_accuracy, macro_f1)]
        return np.concatenate([np.stack(means, axis=-1), class_accuracies(matrices)], axis=-1)

    estimates = bootstrap(of_each_seed, [labels, pred_labels], level, draws, seed)
    return Metrics(*estimates[:3], estimates[3:])


def difference(
    labels: np.ndarray,
    first: np.ndarray,
    other: np.ndarray,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    """Estimate how much higher the overall accuracy of ``other`` is than that of ``first``.

    Both are compared on the same drawn images, so what makes images hard for both cancels out.

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        first (np.ndarray): Predicted classes of one method, shape (N, ) or (N, S).
        other (np.ndarray): Predicted classes of the other method, shape (N, ) or (N, T).
        level (float): Share of the draws that the interval holds. Defaults to 0.95.
        draws (int): Draws of the bootstrap. Defaults to 2000.
        seed (int): Seed of the draws. Defaults to 0.

    Returns:
        Estimate: In percentage points, with the paired interval: zero outside of it means that
        the images suffice to tell the two apart.

    Raises:
        ConvcutError: No images.
    """
    labels = np.asarray(labels)[:, None]
    right = [np.reshape(one, (len(labels), -1)) == labels for one in (first, other)]
    seeds = right[0].shape[1]

    def gain(cells: np.ndarray, counts: np.ndarray) -> np.ndarray:
        gains = cells[:, seeds:].mean(axis=1) - cells[:, :seeds].mean(axis=1)
        return 100 * (counts @ gains / len(labels))[..., None, None]

    (estimate,) = bootstrap(gain, right, level, draws, seed)
    return estimate
