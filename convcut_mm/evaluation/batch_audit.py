"""Whether a model's answers depend on the batch in which an image is tested.

A model that judges each image by itself gives it the same scores in any company. One that attends
over the batch (the released Conv-cut program, PAtt-Lite) does not, and if the test set is read
class by class, the company gives the class away. The audit tests the same weights on the same
images, cut into batches in different ways, and compares image by image with batches of one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import ConvcutError
from .accuracy import mean_class_accuracy, overall_accuracy
from .batch_regimes import ALONE, Regime
from .intervals import bootstrap, mean_and_spread
from .scores import Figure


@dataclass(frozen=True)
class Run:
    """The test set under one regime; accuracies and shares in per cent."""

    weights: str  # the checkpoint
    regime: Regime
    answers: np.ndarray  # (N,), a tie within the tolerance resolved as when alone
    changed: np.ndarray  # (N,) bool: the answer is not the one given alone
    moved: float  # largest difference of a score from the one given alone, 0 to 1


@dataclass(frozen=True)
class Row:
    """All seeds of one order and batch size, and all checkpoints; per cent."""

    order: str
    batch_size: int
    accuracy: Figure
    mean_class_accuracy: Figure
    changed: Figure


class Audit:
    """Runs of one model on one test set, with one checkpoint or several.

    Args:
        runs (Sequence[Run]): The runs; each checkpoint's batch of one is among them.
        labels (ndarray): Class of each image, (N,).
        num_classes (int): C.
        tolerance (float): Differences of a score up to this are numerical noise.
    """

    def __init__(
        self, runs: Sequence[Run], labels: np.ndarray, num_classes: int, tolerance: float
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

    def accuracy(self, run: Run) -> float:
        """Share of right answers, per cent."""
        return overall_accuracy(self.labels, run.answers)

    def mean_class_accuracy(self, run: Run) -> float:
        """Mean of the classes' shares of right answers, per cent."""
        return mean_class_accuracy(self.labels, run.answers, self.num_classes)

    def changed(self, run: Run) -> float:
        """Share of images with another answer than alone, per cent."""
        return 100 * float(run.changed.mean())

    @cached_property
    def rows(self) -> list:
        """The runs, summed up over seeds, in the order of the runs: list[Row]."""
        groups: dict = {}
        for run in self.runs:
            groups.setdefault((run.regime.order, run.regime.batch_size), []).append(run)
        return [Row(*regime, *self._figures(runs)) for regime, runs in groups.items()]

    def _figures(self, runs: list) -> list:
        def means(labels: np.ndarray, drawn: np.ndarray) -> tuple:
            # each seed has the same images, so all seeds at once give the mean over the seeds
            labels = np.repeat(labels, drawn.shape[1])
            answers, changed = drawn.reshape(-1, 2).T
            return (
                overall_accuracy(labels, answers),
                mean_class_accuracy(labels, answers, self.num_classes),
                100 * changed.mean(),
            )

        both = [np.stack([run.answers, run.changed], axis=1) for run in runs]
        ends = bootstrap(means, self.labels, np.stack(both, axis=1))  # of (N, seeds, 2)
        figures = []
        for value, low, high in zip(
            (self.accuracy, self.mean_class_accuracy, self.changed), *ends
        ):
            mean, spread = mean_and_spread([value(run) for run in runs])
            figures.append(Figure(mean, (float(low), float(high)), spread))
        return figures

    def verdict(self) -> str:
        """What was found, in one line."""
        alone = [self.accuracy(run) for run in self.runs if run.regime.order == ALONE]
        others = [run for run in self.runs if run.regime.order != ALONE]
        figure = f'{np.mean(alone):.2f} %'
        if not self.depends_on_batch:
            return (
                f'independent of the batch: accuracy {figure}, and in all {len(self.runs)} tests '
                f'each image gets the scores that it gets alone (largest difference '
                f'{self.moved:.0e}, tolerance {self.tolerance:.0e})'
            )
        accuracies = [self.accuracy(run) for run in others]
        most = max(self.changed(run) for run in others)
        return (
            f'DEPENDS ON THE BATCH: accuracy {figure} for single images, {min(accuracies):.2f} to '
            f'{max(accuracies):.2f} % in batches; the other images of a batch change up to '
            f'{most:.1f} % of the answers and move scores by up to {self.moved:.2g}'
        )


def audit(
    scores_in: Callable,
    labels: np.ndarray,
    tests: Sequence[Regime],
    tolerance: float = 1e-4,
    weights: str = '',
) -> Audit:
    """Tests under each regime and compares with the first, the batch of one.

    Args:
        scores_in (callable): Takes batches, a list of arrays of positions, and gives the
            probabilities of all images in the order of the data set, (N, C).
        labels (ndarray): Class of each image, (N,).
        tests (Sequence[Regime]): As from :func:`~convcut_mm.evaluation.batch_regimes.regimes`;
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
        changed = changed_answers(reference, scores, tolerance)
        answers = np.where(changed, scores.argmax(axis=1), reference.argmax(axis=1))
        moved = float(np.abs(scores - reference).max())
        runs.append(Run(weights, regime, answers, changed, moved))
    return Audit(runs, labels, scores.shape[1], tolerance)


def changed_answers(reference: np.ndarray, scores: np.ndarray, tolerance: float) -> np.ndarray:
    """Which images get another answer.

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
