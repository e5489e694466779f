"""The runs of a batch audit, their metrics and the finding."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.metrics import confusion_matrix

from ..functional.accuracy import confusion_matrices, mean_class_accuracy, overall_accuracy
from ..functional.bootstrap import bootstrap
from ..functional.estimate import Estimate
from .regimes import ALONE, Regime


@dataclass(frozen=True)
class AuditRun:
    """The predictions of one checkpoint for the test set, batched by one regime.

    Attributes:
        weights (str): The checkpoint.
        regime (Regime): How the test set was batched.
        pred_labels (ndarray): Predicted labels, (N,); ties within the tolerance are resolved as in
            batches of one.
        changed (ndarray): Whether the predicted label differs from that alone, (N,) bool.
        moved (float): Largest difference of a probability from that alone, 0 to 1.
    """

    weights: str
    regime: Regime
    pred_labels: np.ndarray
    changed: np.ndarray
    moved: float


@dataclass(frozen=True)
class AuditRow:
    """Estimates over all seeds and checkpoints for one order and batch size, in per cent."""

    order: str
    batch_size: int
    accuracy: Estimate
    mean_class_accuracy: Estimate
    changed: Estimate


class Audit:
    """The runs of one architecture on one test set, with one or several checkpoints.

    Args:
        runs (Sequence[AuditRun]): The runs, batches of one for each checkpoint included.
        labels (ndarray): Class of each image, (N,).
        num_classes (int): C, the number of classes.
        tolerance (float): Largest difference of a probability that counts as numerical noise.
    """

    def __init__(
        self, runs: Sequence[AuditRun], labels: np.ndarray, num_classes: int, tolerance: float
    ) -> None:
        self.runs, self.labels = list(runs), labels
        self.num_classes, self.tolerance = num_classes, tolerance

    @classmethod
    def of_all(cls, audits: Sequence['Audit']) -> 'Audit':
        """Merge audits of several checkpoints of one architecture on the same images."""
        first = audits[0]
        runs = [run for audit in audits for run in audit.runs]
        return cls(runs, first.labels, first.num_classes, first.tolerance)

    @property
    def moved(self) -> float:
        """Largest difference of any probability from that of the same image alone."""
        return max(run.moved for run in self.runs)

    @property
    def depends_on_batch(self) -> bool:
        """Whether some probability moved by more than the tolerance."""
        return self.moved > self.tolerance

    def accuracy(self, run: AuditRun) -> float:
        """Return the overall accuracy of a run, in per cent."""
        return float(overall_accuracy(self._matrix(run)))

    def mean_class_accuracy(self, run: AuditRun) -> float:
        """Return the mean class accuracy of a run, in per cent."""
        return float(mean_class_accuracy(self._matrix(run)))

    def changed(self, run: AuditRun) -> float:
        """Return the fraction of images with another predicted label than alone, in per cent."""
        return 100 * float(run.changed.mean())

    @cached_property
    def rows(self) -> list[AuditRow]:
        """The runs averaged over seeds and checkpoints, in the order of the runs."""
        groups: dict[tuple[str, int], list[AuditRun]] = {}
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
        """Return the finding in one line."""
        alone = [self.accuracy(run) for run in self.runs if run.regime.order == ALONE]
        others = [run for run in self.runs if run.regime.order != ALONE]
        single = f'{np.mean(alone):.2f} %'
        if not self.depends_on_batch:
            return (
                f'independent of the batch: accuracy {single}, and in all {len(self.runs)} tests '
                f'each image has the same probabilities as alone (largest difference '
                f'{self.moved:.0e}, tolerance {self.tolerance:.0e})'
            )
        accuracies = [self.accuracy(run) for run in others]
        most = max(self.changed(run) for run in others)
        return (
            f'DEPENDS ON THE BATCH: accuracy {single} for single images, {min(accuracies):.2f} to '
            f'{max(accuracies):.2f} % in batches; the other images of a batch change up to '
            f'{most:.1f} % of the predictions and move probabilities by up to {self.moved:.2g}'
        )
