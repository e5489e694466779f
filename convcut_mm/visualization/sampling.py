"""Sample images of each class by a seed."""

import os
from collections.abc import Sequence

import numpy as np

from ..apis.classifier import Classifier, LabelledImage
from ..errors import ConvcutError


def choose_images(
    classifier: Classifier,
    per_class: int = 1,
    seed: int = 0,
    files: Sequence[str] | None = None,
) -> list[LabelledImage]:
    """Sample images of the test set by class, or take the given files.

    Args:
        classifier (Classifier): The model whose test set is sampled.
        per_class (int): Images a class. Defaults to 1.
        seed (int): Seed of the sample. Defaults to 0.
        files (Sequence[str], optional): Files to take instead. Their classes are known if they
            are files of the test set. Defaults to None.

    Returns:
        list[LabelledImage]: Ordered by class, or as given.
    """
    if files:
        known = _known_labels(classifier)
        return [LabelledImage(str(file), known.get(os.path.abspath(file))) for file in files]
    images = classifier.test_images
    labels = np.array([image.label for image in images])
    return [images[index] for index in sample_per_class(labels, per_class, seed)]


def _known_labels(classifier: Classifier) -> dict[str, int | None]:
    try:
        return {os.path.abspath(image.path): image.label for image in classifier.test_images}
    except ConvcutError:  # a user's own pictures need no data set
        return {}


def sample_per_class(labels: np.ndarray, per_class: int, seed: int = 0) -> np.ndarray:
    """Sample images of each class without replacement.

    The sample of a class depends only on the seed and the class, and a larger ``per_class`` only
    adds images to it.

    Args:
        labels (ndarray): Label of each image, (N,).
        per_class (int): Images a class; all of them if the class has fewer.
        seed (int): Seed. Defaults to 0.

    Returns:
        ndarray: Indices of the images, ordered by class.
    """
    chosen = [
        np.random.default_rng([seed, int(label)]).permutation(np.flatnonzero(labels == label))
        for label in np.unique(labels)
    ]
    return np.concatenate([indices[:per_class] for indices in chosen] or [np.empty(0, int)])
