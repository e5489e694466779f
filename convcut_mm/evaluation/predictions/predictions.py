"""The predictions of a classifier for a test set, from a test or from a file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch

from ...errors import ConvcutError
from .npz_file import load_npz
from .pickle_file import load_pickle

SUFFIXES = ('.npz', '.pkl', '.pickle')  # of files of predictions


@dataclass
class Predictions:
    """The predictions of a classifier for N images and C classes.

    Attributes:
        names: Unique names of the image files; see :func:`image_names`.
        labels: True classes, integers of shape (N, ).
        probabilities: Shape (N, C); one-hot where only predicted labels are known.
        classes: Names of the classes. Defaults to None: unknown.
        duplicate: Whether a copy of each image stands in another split of its data set, bool of
            shape (N, ). Defaults to None: not looked for.
    """

    names: list[str]
    labels: np.ndarray
    probabilities: np.ndarray
    classes: tuple[str, ...] | None = None
    duplicate: np.ndarray | None = None

    @property
    def pred_labels(self) -> np.ndarray:
        """The most probable class of each image, shape (N, ); the first one in a tie."""
        return self.probabilities.argmax(1)


def load_predictions(path: str | Path, classes: Sequence[str] | None = None) -> Predictions:
    """Read a file of ``tools/test.py --out``, .npz or .pkl, without running code from it.

    Args:
        path (str | Path): The file.
        classes (Sequence[str], optional): Names of the classes; the file does not hold them.

    Returns:
        Predictions: In the file's order.

    Raises:
        ConvcutError: No such file, or it is damaged, could run code, or holds anything but
            predictions of one label for each of several named images.
    """
    samples = load_npz(path) if Path(path).suffix == '.npz' else load_pickle(path)
    if not isinstance(samples, list) or not all(isinstance(sample, dict) for sample in samples):
        raise ConvcutError(
            f'{path}: holds no predictions; expected what tools/test.py --out FILE writes'
        )
    return predictions_of(samples, path, classes)


def predictions_of(
    samples: Sequence[dict[str, Any]], where: str | Path, classes: Sequence[str] | None = None
) -> Predictions:
    """Collect the samples of a test.

    Args:
        samples (Sequence[dict]): ``DataSample.to_dict()`` of each image, with ``img_path``,
            ``gt_label`` and ``pred_score`` or ``pred_label``; ``duplicate`` if all have it.
        where (str | Path): Their origin, for error messages.
        classes (Sequence[str], optional): Names of the classes.

    Returns:
        Predictions: In the given order.

    Raises:
        ConvcutError: There are no samples, or one lacks a field or has not exactly one label.
    """
    if not samples:
        raise ConvcutError(f'{where}: holds no predictions')
    paths = [_field(sample, 'img_path', index, where) for index, sample in enumerate(samples)]
    if not all(isinstance(path, str) for path in paths):
        raise ConvcutError(f'{where}: an img_path is not the path of a file')
    labels = _labels(samples, 'gt_label', where)
    if all('pred_score' in sample for sample in samples):
        probabilities = _probabilities([sample['pred_score'] for sample in samples], where)
    else:
        predicted = _labels(samples, 'pred_label', where)
        count = len(classes) if classes is not None else 1 + max(labels.max(), predicted.max())
        if predicted.max() >= count:
            raise ConvcutError(f'{where}: pred_label {predicted.max()} of {count} classes')
        probabilities = np.eye(count)[predicted]
    if classes is not None and len(classes) != probabilities.shape[1]:
        raise ConvcutError(
            f'{where}: probabilities for {probabilities.shape[1]} classes, expected '
            f'{len(classes)} ({", ".join(classes)})'
        )
    if labels.max() >= probabilities.shape[1]:
        raise ConvcutError(
            f'{where}: label {labels.max()}, but probabilities for only '
            f'{probabilities.shape[1]} classes'
        )
    names = image_names(paths, where)
    return Predictions(
        names,
        labels,
        probabilities,
        None if classes is None else tuple(classes),
        marked_copies(samples),
    )


def marked_copies(samples: Sequence[dict[str, Any]]) -> np.ndarray | None:
    """Return whether each sample is marked as a copy of an image of another split.

    Args:
        samples (Sequence[dict]): N samples, with a bool ``duplicate`` if their data set knows it.

    Returns:
        np.ndarray | None: Bool of shape (N, ); None if a sample does not tell.
    """
    marks = [sample.get('duplicate') for sample in samples]
    if not all(isinstance(mark, (bool, np.bool_)) for mark in marks):
        return None
    return np.array(marks, dtype=bool)


def subsets(duplicate: np.ndarray | None, images: int) -> dict[str, np.ndarray]:
    """Return the images on which figures are given.

    Args:
        duplicate (np.ndarray, optional): See :class:`Predictions`.
        images (int): N, the number of images.

    Returns:
        dict[str, np.ndarray]: 'all', and 'clean', those that have no copy in another split, if
        some have one and some have none; bool of shape (N, ).
    """
    found = dict(all=np.ones(images, dtype=bool))
    if duplicate is not None and duplicate.any() and not duplicate.all():
        found['clean'] = ~duplicate
    return found


def image_names(paths: Sequence[str], where: str | Path) -> list[str]:
    """Return the shortest unique names of images, the same for every copy of a data set.

    Args:
        paths (Sequence[str]): Paths of the images.
        where (str | Path): Their origin, for error messages.

    Returns:
        list[str]: The file names, with as many of the folders above them as make them unique,
        separated by slashes.

    Raises:
        ConvcutError: The same path twice.
    """
    parts = [PurePosixPath(path.replace('\\', '/')).parts for path in paths]
    path, times = Counter(parts).most_common(1)[0] if parts else ((), 0)
    if times > 1:
        raise ConvcutError(f'{where}: holds the image {"/".join(path)} {times} times')
    length = 1
    while len({path[-length:] for path in parts}) < len(parts):
        length += 1
    return ['/'.join(path[-length:]) for path in parts]


def _field(sample: dict[str, Any], key: str, index: int, where: str | Path) -> Any:
    if key not in sample:
        raise ConvcutError(f'{where}: the prediction at index {index} has no "{key}"')
    return sample[key]


def _labels(samples: Sequence[dict[str, Any]], key: str, where: str | Path) -> np.ndarray:
    labels = []
    for index, sample in enumerate(samples):
        values = torch.as_tensor(_field(sample, key, index, where)).reshape(-1).tolist()
        if len(values) != 1 or not isinstance(values[0], int) or values[0] < 0:
            raise ConvcutError(
                f'{where}: the prediction at index {index} has {key}={values}, expected one class'
            )
        labels += values
    return np.array(labels)


def _probabilities(pred_scores: Sequence[Any], where: str | Path) -> np.ndarray:
    rows = [torch.as_tensor(row).double() for row in pred_scores]  # numpy has no bfloat16
    shapes = {tuple(row.shape) for row in rows}
    if len(shapes) != 1 or len(rows[0].shape) != 1:
        raise ConvcutError(f'{where}: expected a pred_score for each class, got shapes {shapes}')
    probabilities = torch.stack(rows).numpy()
    if not np.isfinite(probabilities).all():
        index = int(np.argmin(np.isfinite(probabilities).all(1)))
        raise ConvcutError(
            f'{where}: the prediction at index {index} has a pred_score that is not finite'
        )
    return probabilities
