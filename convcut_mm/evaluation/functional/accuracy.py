"""Metrics as functions of confusion matrices, all in per cent.

The formulas are scikit-learn's. Its functions take the labels of one test; these take stacks of
matrices of shape (..., C, C), so that a bootstrap evaluates thousands of resamples in one call.
Rows are the true classes and columns the predicted ones, as in scikit-learn's
``confusion_matrix(labels, pred_labels, labels=range(C))``.
"""

import numpy as np

from ...errors import ConvcutError


def confusion_matrices(
    labels: np.ndarray, pred_labels: np.ndarray, counts: np.ndarray, num_classes: int
) -> np.ndarray:
    """Count images by true and predicted class, for many weightings of the images at once.

    Args:
        labels (np.ndarray): True classes of K cells (images, or groups of equal images), integers
            of shape (K, ).
        pred_labels (np.ndarray): Their predicted classes with S seeds, integers of shape (K, S).
        counts (np.ndarray): How often each cell counts, shape (..., K).
        num_classes (int): C, the number of classes.

    Returns:
        np.ndarray: Matrices of shape (..., S, C, C).

    Raises:
        ConvcutError: A label is not between 0 and C - 1.
    """
    labels, pred_labels = np.asarray(labels), np.asarray(pred_labels)
    for name, values in (('label', labels), ('predicted label', pred_labels)):
        outside = values[(values < 0) | (values >= num_classes)]
        if outside.size:
            raise ConvcutError(
                f'{name} {outside[0]}: expected 0 to {num_classes - 1}, one number a class'
            )
    cells = labels[:, None] * num_classes + pred_labels
    one_hot = np.zeros((*cells.shape, num_classes**2))
    np.put_along_axis(one_hot, cells[..., None], 1, axis=-1)
    # a product of float matrices is exact for counts and much faster than one of integers
    matrices = np.asarray(counts, dtype=float) @ one_hot.reshape(len(labels), -1)
    return matrices.reshape(*matrices.shape[:-1], -1, num_classes, num_classes)


def overall_accuracy(matrices: np.ndarray) -> np.ndarray:
    """Return the fraction of images whose predicted class is the true one.

    Args:
        matrices (np.ndarray): Confusion matrices of shape (..., C, C).

    Returns:
        np.ndarray: Per cent, shape (...); nan without images.
    """
    return 100 * _divide(_right(matrices).sum(-1), np.sum(matrices, axis=(-2, -1)))


def class_accuracies(matrices: np.ndarray) -> np.ndarray:
    """Return the recall of each class: the fraction of its images that are predicted as it.

    Args:
        matrices (np.ndarray): Confusion matrices of shape (..., C, C).

    Returns:
        np.ndarray: Per cent, shape (..., C); nan where a class has no image.
    """
    return 100 * _divide(_right(matrices), np.sum(matrices, axis=-1))


def mean_class_accuracy(matrices: np.ndarray) -> np.ndarray:
    """Return the mean of :func:`class_accuracies` over classes that have images (macro recall).

    Args:
        matrices (np.ndarray): Confusion matrices of shape (..., C, C).

    Returns:
        np.ndarray: Per cent, shape (...); nan without images.
    """
    return _mean_of_numbers(class_accuracies(matrices))


def macro_f1(matrices: np.ndarray) -> np.ndarray:
    """Return the mean F1 of classes that occur, as scikit-learn's ``average='macro'`` does.

    A class occurs if it is the true or the predicted class of some image.

    Args:
        matrices (np.ndarray): Confusion matrices of shape (..., C, C).

    Returns:
        np.ndarray: Per cent, shape (...); nan without images.
    """
    both = np.sum(matrices, axis=-1) + np.sum(matrices, axis=-2)  # F1 = 2 TP / (2 TP + FP + FN)
    return _mean_of_numbers(100 * _divide(2 * _right(matrices), both))


def _right(matrices: np.ndarray) -> np.ndarray:
    return np.diagonal(matrices, axis1=-2, axis2=-1)


def _divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)


def _mean_of_numbers(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis without nan; np.nanmean warns where all are nan."""
    return _divide(np.nansum(values, axis=-1), np.sum(~np.isnan(values), axis=-1))
