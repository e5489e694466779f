"""The figures of a test, all in per cent.

scikit-learn has them too, and the tests compare; but its checks of the input take a millisecond a
call, and an interval takes thousands of calls.
"""

import numpy as np

from ..errors import ConvcutError


def overall_accuracy(labels: np.ndarray, answers: np.ndarray) -> float:
    """Share of images with the right answer.

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        answers (np.ndarray): Answered classes, integers of shape (N, ).

    Returns:
        float: Per cent.

    Raises:
        ConvcutError: No images.
    """
    _check(labels)
    return 100 * float(np.equal(labels, answers).mean())


def class_accuracies(labels: np.ndarray, answers: np.ndarray, num_classes: int) -> np.ndarray:
    """Share of each class's images with the right answer, the recall of the class.

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        answers (np.ndarray): Answered classes, integers of shape (N, ).
        num_classes (int): C, the number of classes.

    Returns:
        np.ndarray: Per cent, shape (C, ); nan where a class has no image.

    Raises:
        ConvcutError: No images.
    """
    images, right, _ = _counts(labels, answers, num_classes)
    return 100 * np.divide(right, images, out=np.full(num_classes, np.nan), where=images > 0)


def mean_class_accuracy(labels: np.ndarray, answers: np.ndarray, num_classes: int) -> float:
    """Mean of :func:`class_accuracies` over the classes that have images (macro recall).

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        answers (np.ndarray): Answered classes, integers of shape (N, ).
        num_classes (int): C, the number of classes.

    Returns:
        float: Per cent.

    Raises:
        ConvcutError: No images.
    """
    images, right, _ = _counts(labels, answers, num_classes)
    seen = images > 0
    return 100 * float((right[seen] / images[seen]).mean())


def macro_f1(labels: np.ndarray, answers: np.ndarray, num_classes: int) -> float:
    """Mean F1 of the classes that have images or answers, as scikit-learn's ``average='macro'``.

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        answers (np.ndarray): Answered classes, integers of shape (N, ).
        num_classes (int): C, the number of classes.

    Returns:
        float: Per cent.

    Raises:
        ConvcutError: No images.
    """
    images, right, answered = _counts(labels, answers, num_classes)
    both = images + answered  # F1 = 2 TP / (2 TP + FP + FN)
    seen = both > 0
    return 100 * float((2 * right[seen] / both[seen]).mean())


def _counts(labels: np.ndarray, answers: np.ndarray, num_classes: int) -> tuple:
    """For each class its images, those with the right answer, and the answers that name it."""
    _check(labels)
    labels, answers = np.asarray(labels), np.asarray(answers)
    return tuple(
        np.bincount(values, minlength=num_classes)
        for values in (labels, labels[labels == answers], answers)
    )


def _check(labels: np.ndarray) -> None:
    if len(labels) == 0:
        raise ConvcutError('no images to score')
