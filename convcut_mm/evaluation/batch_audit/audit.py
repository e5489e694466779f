"""Find out whether a model's predictions depend on the batch in which an image is tested.

A model that judges each image by itself predicts the same probabilities in any batch. A model that
attends over the batch (the released Conv-cut program, PAtt-Lite) does not, and if the test set is
read class by class, the batch reveals the class. The audit tests the same weights on the same
images, split into batches in different ways, and compares each image with its batch of one.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ...datasets.utils.class_order import folder_ranks
from ...errors import ConvcutError
from .audit_result import Audit, AuditRun
from .regimes import Regime


def audit(
    probabilities_in: Callable[[list[np.ndarray]], np.ndarray],
    labels: np.ndarray,
    tests: Sequence[Regime],
    tolerance: float = 1e-4,
    weights: str = '',
    classes: Sequence[str] | None = None,
) -> Audit:
    """Test with the batches of each regime and compare with the first, batches of one.

    Args:
        probabilities_in (callable): Takes batches (arrays of indices into the data set) and
            returns the probabilities of all images in the order of the data set, (N, C).
        labels (ndarray): Class of each image, (N,).
        tests (Sequence[Regime]): As from :func:`~convcut_mm.evaluation.batch_audit.regimes`;
            the first is the reference.
        tolerance (float): Largest difference of a probability that counts as numerical noise.
            Defaults to 1e-4.
        weights (str): Name of the checkpoint. Defaults to ''.
        classes (Sequence[str], optional): Names of the classes: class-ordered batches read them in
            alphabetical order, as data scripts read folders of classes. Defaults to None: the
            order of their numbers.

    Raises:
        ConvcutError: A probability is not finite.
    """
    labels = np.asarray(labels)
    places = reading_order(labels, classes)
    runs, reference = [], None
    for regime in tests:
        probabilities = np.asarray(probabilities_in(regime.batches(places)))
        if not np.isfinite(probabilities).all():
            image = int(np.flatnonzero(~np.isfinite(probabilities).all(axis=1))[0])
            raise ConvcutError(
                f'image {image} of the test set: its probabilities are not finite; use a '
                'checkpoint from before the training diverged'
            )
        reference = probabilities if reference is None else reference
        changed = changed_labels(reference, probabilities, tolerance)
        pred_labels = np.where(changed, probabilities.argmax(axis=1), reference.argmax(axis=1))
        moved = float(np.abs(probabilities - reference).max())
        runs.append(AuditRun(weights, regime, pred_labels, changed, moved))
    return Audit(runs, labels, probabilities.shape[1], tolerance)


def reading_order(labels: np.ndarray, classes: Sequence[str] | None) -> np.ndarray:
    """Number the class of each image by when class-ordered batches read it, (N,)."""
    return np.asarray(labels) if classes is None else folder_ranks(classes)[labels]


def changed_labels(
    reference: np.ndarray, probabilities: np.ndarray, tolerance: float
) -> np.ndarray:
    """Find the images whose predicted label changes.

    Two classes that noise of the size ``tolerance`` could swap are a tie; swapping them is no
    change.

    Args:
        reference (ndarray): Probabilities, (N, C).
        probabilities (ndarray): Probabilities of the same images in other batches, (N, C).
        tolerance (float): Size of the noise.

    Returns:
        ndarray: (N,) bool.
    """
    images = np.arange(len(reference))
    before, after = reference.argmax(axis=1), probabilities.argmax(axis=1)
    lead_before = reference[images, before] - reference[images, after]
    lead_after = probabilities[images, after] - probabilities[images, before]
    return np.maximum(lead_before, lead_after) > 2 * tolerance  # both probabilities can move
