"""Whether a model's predictions depend on the batch in which an image is tested.

A model that judges each image by itself gives it the same scores in any batch. One that attends
over the batch (the released Conv-cut program, PAtt-Lite) does not, and if the test set is read
class by class, the batch gives the class away. The audit tests the same weights on the same
images, cut into batches in different ways, and compares image by image with batches of one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.metrics import confusion_matrix

from ...errors import ConvcutError
from ..functional.accuracy import confusion_matrices, mean_class_accuracy, overall_accuracy
from ..functional.bootstrap import bootstrap
from ..functional.estimate import Estimate
from .regimes import ALONE, Regime


@dataclass(frozen=True)
class AuditRun:
    """The predictions for the test set under one regime."""

    weights: str  # the checkpoint
    regime: Regime
    pred_labels: np.ndarray  # (N,), a tie within the tolerance resolved as when alone
    changed: np.ndarray  # (N,) bool: the predicted label is not the one given alone
    moved: float  # largest difference of a score from the one given alone, 0 to 1


@dataclass(frozen=True)
class AuditRow:
    """All seeds of one order and batch size, and all checkpoints; per cent."""

    order: str
    batch_size: int
    accuracy: Estimate
    mean_class_accuracy: Estimate
    changed: Estimate


class Audit:
    """Runs of one model on one test set, with one checkpoint or several.

    Args:
        runs (Sequence[AuditRun]): The runs; each checkpoint's batch of one is among them.
        labels (ndarray): Class of each image, (N,).
        num_classes (int): C.
        tolerance (float): Differences of a score up to this are numerical noise.
    """

    def __init__(
        self, runs: Sequence[AuditRun], labels: np.ndarray, num_classes: int, tolerance: float
    ) -> None:
        self.runs, self.labels = list(runs), labels
        self.num_classes, self.tolerance = num_classes, tolerance

    @classmethod
    def of_all(cls, audits: Sequence['Audit']) -> 'Audit':
        """One audit of several checkpoints of the same architecture on the same images."""
        first = audits[0]
        runs = [run for one in audits for run in one.runs]
        return cls(runs, first.labels, first.num_classes, first.tolerance)

    @property
    def moved(self) -> float:
        """Largest difference of any score from the one that its image gets alone."""
        return max(run.moved for run in self.runs)

    @property
    def depends_on_batch(self) -> bool:
        """Whether some image's scores moved by more than the tolerance."""
        return self.moved > self.tolerance

    def accuracy(self, run: AuditRun) -> float:
        """Share of images whose predicted class is the true one, per cent."""
        return float(overall_accuracy(self._matrix(run)))

    def mean_class_accuracy(self, run: AuditRun) -> float:
        """Mean of the classes' accuracies, per cent."""
        return float(mean_class_accuracy(self._matrix(run)))

    def changed(self, run: AuditRun) -> float:
        """Share of images with another predicted class than alone, per cent."""
        return 100 * float(run.changed.mean())

    @cached_property
    def rows(self) -> list[AuditRow]:
        """The runs, summed up over seeds and checkpoints, in the order of the runs."""
        groups: dict = {}
        for run in self.runs:
            groups.setdefault((run.regime.order, run.regime.batch_size), []).append(run)
        return [AuditRow(*regime, *self._estimates(runs)) for regime, runs in groups.items()]

    def _matrix(self, run: AuditRun) -> np.ndarray:
        return confusion_matrix(self.labels, run.pred_labels, labels=range(self.num_classes))

    def _estimates(self, runs: Sequence[AuditRun]) -> list[Estimate]:
        def of_each_run(cells: np.ndarray, counts: np.ndarray) -> np.ndarray:
            labels, pred_labels, changed = np.split(cells, [1, 1 + len(runs)], axis=1)
            matrices = confusion_matrices(labels[:, 0], pred_labels, counts, self.num_classes)
            return np.stack(
                [
                    overall_accuracy(matrices),
                    mean_class_accuracy(matrices),
                    100 * (counts @ changed) / len(self.labels),
                ],
                axis=-1,
            )

        pred_labels = np.stack([run.pred_labels for run in runs], axis=1)
        changed = np.stack([run.changed for run in runs], axis=1)
        return bootstrap(of_each_run, [self.labels, pred_labels, changed])

    def verdict(self) -> str:
        """What was found, in one line."""
        alone = [self.accuracy(run) for run in self.runs if run.regime.order == ALONE]
        others = [run for run in self.runs if run.regime.order != ALONE]
        single = f'{np.mean(alone):.2f} %'
        if not self.depends_on_batch:
            return (
                f'independent of the batch: accuracy {single}, and in all {len(self.runs)} tests '
                f'each image gets the scores that it gets alone (largest difference '
                f'{self.moved:.0e}, tolerance {self.tolerance:.0e})'
            )
        accuracies = [self.accuracy(run) for run in others]
        most = max(self.changed(run) for run in others)
        return (
            f'DEPENDS ON THE BATCH: accuracy {single} for single images, {min(accuracies):.2f} to '
            f'{max(accuracies):.2f} % in batches; the other images of a batch change up to '
            f'{most:.1f} % of the predictions and move scores by up to {self.moved:.2g}'
        )


def audit(
    scores_in: Callable,
    labels: np.ndarray,
    tests: Sequence[Regime],
    tolerance: float = 1e-4,
    weights: str = '',
) -> Audit:
    """Test under each regime and compare with the first, the batch of one.

    Args:
        scores_in (callable): Takes batches, a list of arrays of positions, and gives the
            probabilities of all images in the order of the data set, (N, C).
        labels (ndarray): Class of each image, (N,).
        tests (Sequence[Regime]): As from :func:`~convcut_mm.evaluation.batch_audit.regimes`;
            the first is the reference.
        tolerance (float): Differences of a probability up to this are numerical noise. Defaults
            to 1e-4.
        weights (str): Name of the checkpoint. Defaults to ''.

    Raises:
        ConvcutError: A score that is not a finite number.
    """
    labels = np.asarray(labels)
    runs, reference = [], None
    for regime in tests:
        scores = np.asarray(scores_in(regime.batches(labels)))
        if not np.isfinite(scores).all():
            image = int(np.flatnonzero(~np.isfinite(scores).all(axis=1))[0])
            raise ConvcutError(f'image {image} of the test set: its scores are not finite')
        reference = scores if reference is None else reference
        changed = changed_labels(reference, scores, tolerance)
        pred_labels = np.where(changed, scores.argmax(axis=1), reference.argmax(axis=1))
        moved = float(np.abs(scores - reference).max())
        runs.append(AuditRun(weights, regime, pred_labels, changed, moved))
    return Audit(runs, labels, scores.shape[1], tolerance)


def changed_labels(reference: np.ndarray, scores: np.ndarray, tolerance: float) -> np.ndarray:
    """Find the images that get another predicted class.

    Two classes whose scores noise of the size ``tolerance`` could have swapped are a tie, and a
    swap of them is no change.

    Args:
        reference (ndarray): Probabilities (N, C).
        scores (ndarray): Probabilities of the same images, (N, C).
        tolerance (float): Size of the noise.

    Returns:
        ndarray: (N,) bool.
    """
    images = np.arange(len(reference))
    before, after = reference.argmax(axis=1), scores.argmax(axis=1)
    lead_before = reference[images, before] - reference[images, after]
    lead_after = scores[images, after] - scores[images, before]
    return np.maximum(lead_before, lead_after) > 2 * tolerance  # both scores can move
