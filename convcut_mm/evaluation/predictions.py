"""The predictions of a classifier for a test set, from a test or from its file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Optional, Union

import numpy as np
import torch

from ..errors import ConvcutError
from .prediction_npz import load_npz
from .safe_pickle import load_pickle

SUFFIXES = ('.npz', '.pkl', '.pickle')  # of files of predictions


@dataclass
class Predictions:
    """What a classifier predicts for N images, with C classes.

    Attributes:
        names (list[str]): Names of the image files, unique; see :func:`image_names`.
        labels (np.ndarray): True classes, integers of shape (N, ).
        scores (np.ndarray): Probabilities of shape (N, C); one-hot where only labels are known.
        classes (tuple[str], optional): Names of the classes.
    """

    names: list
    labels: np.ndarray
    scores: np.ndarray
    classes: Optional[tuple] = None

    @property
    def pred_labels(self) -> np.ndarray:
        """The class with the highest score for each image, shape (N, ); the first of equals."""
        return self.scores.argmax(1)


def load_predictions(
    path: Union[str, Path], classes: Optional[Sequence[str]] = None
) -> Predictions:
    """Reads a file of ``tools/test.py --out``, .npz or .pkl, without running code from it.

    Args:
        path (str | Path): The file.
        classes (Sequence[str], optional): Names of the classes; the file does not hold them.

    Returns:
        Predictions: In the file's order.

    Raises:
        ConvcutError: No such file, a damaged one, one that could run code, or one that holds
            other things than predictions of single labels by images with names.
    """
    samples = load_npz(path) if Path(path).suffix == '.npz' else load_pickle(path)
    if not isinstance(samples, list) or not all(isinstance(sample, dict) for sample in samples):
        raise ConvcutError(
            f'{path}: no predictions in it; expected what tools/test.py --out FILE writes'
        )
    return predictions_of(samples, path, classes)


def predictions_of(
    samples: Sequence[dict], where: Union[str, Path], classes: Optional[Sequence[str]] = None
) -> Predictions:
    """Puts the outputs of a test together.

    Args:
        samples (Sequence[dict]): ``DataSample.to_dict()`` of each image, with ``img_path``,
            ``gt_label`` and ``pred_score`` or ``pred_label``.
        where (str | Path): Where they come from, for the message.
        classes (Sequence[str], optional): Names of the classes.

    Returns:
        Predictions: In the given order.

    Raises:
        ConvcutError: No samples, something missing, or not a single label an image.
    """
    if not samples:
        raise ConvcutError(f'{where}: no predictions in it')
    paths = [_field(sample, 'img_path', index, where) for index, sample in enumerate(samples)]
    if not all(isinstance(path, str) for path in paths):
        raise ConvcutError(f'{where}: an img_path is not the path of a file')
    labels = _labels(samples, 'gt_label', where)
    if all('pred_score' in sample for sample in samples):
        scores = _scores([sample['pred_score'] for sample in samples], where)
    else:
        predicted = _labels(samples, 'pred_label', where)
        count = len(classes) if classes is not None else 1 + max(labels.max(), predicted.max())
        if predicted.max() >= count:
            raise ConvcutError(f'{where}: pred_label {predicted.max()} of {count} classes')
        scores = np.eye(count)[predicted]
    if classes is not None and len(classes) != scores.shape[1]:
        raise ConvcutError(
            f'{where}: scores for {scores.shape[1]} classes, expected {len(classes)} '
            f'({", ".join(classes)})'
        )
    if labels.max() >= scores.shape[1]:
        raise ConvcutError(
            f'{where}: label {labels.max()}, but scores for {scores.shape[1]} classes'
        )
    names = image_names(paths, where)
    return Predictions(names, labels, scores, None if classes is None else tuple(classes))


def image_names(paths: Sequence[str], where: Union[str, Path]) -> list:
    """The shortest names that tell images apart, equal for copies of a data set elsewhere.

    Args:
        paths (Sequence[str]): Paths of the images.
        where (str | Path): Where they come from, for the message.

    Returns:
        list[str]: The file names if no two are equal, otherwise as many of the folders above
        them as it takes, with slashes.

    Raises:
        ConvcutError: The same path twice.
    """
    parts = [PurePosixPath(path.replace('\\', '/')).parts for path in paths]
    path, times = Counter(parts).most_common(1)[0] if parts else ((), 0)
    if times > 1:
        raise ConvcutError(f'{where}: the image {"/".join(path)} is in it {times} times')
    length = 1
    while len({path[-length:] for path in parts}) < len(parts):
        length += 1
    return ['/'.join(path[-length:]) for path in parts]


def _field(sample: dict, key: str, index: int, where: Union[str, Path]):
    if key not in sample:
        raise ConvcutError(f'{where}: the prediction with index {index} has no "{key}"')
    return sample[key]


def _labels(samples: Sequence[dict], key: str, where: Union[str, Path]) -> np.ndarray:
    labels = []
    for index, sample in enumerate(samples):
        values = torch.as_tensor(_field(sample, key, index, where)).reshape(-1).tolist()
        if len(values) != 1 or not isinstance(values[0], int) or values[0] < 0:
            raise ConvcutError(
                f'{where}: the prediction with index {index} has {key}={values}, not one class'
            )
        labels += values
    return np.array(labels)


def _scores(rows: Sequence, where: Union[str, Path]) -> np.ndarray:
    rows = [torch.as_tensor(row).double() for row in rows]  # numpy has no bfloat16
    shapes = {tuple(row.shape) for row in rows}
    if len(shapes) != 1 or len(rows[0].shape) != 1:
        raise ConvcutError(f'{where}: expected a pred_score for each class, got shapes {shapes}')
    scores = torch.stack(rows).numpy()
    if not np.isfinite(scores).all():
        index = int(np.argmin(np.isfinite(scores).all(1)))
        raise ConvcutError(f'{where}: the prediction with index {index} has a score that is nan')
    return scores
