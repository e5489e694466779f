"""All figures of one method on a test set, with intervals, for one or several seeds."""

from dataclasses import dataclass

import numpy as np

from .accuracy import class_accuracies, macro_f1, mean_class_accuracy, overall_accuracy
from .intervals import DRAWS, LEVEL, bootstrap, difference_interval, mean_and_spread


@dataclass
class Figure:
    """A figure in per cent.

    Attributes:
        value (float): The figure; with several seeds their mean.
        interval (tuple[float, float]): Ends of its bootstrap interval over the images.
        spread (float): Standard deviation over the seeds, nan for one seed.
    """

    value: float
    interval: tuple
    spread: float = float('nan')

    def as_dict(self) -> dict:
        """For JSON, which has no nan."""
        numbers = [self.value, *self.interval, self.spread]
        value, low, high, spread = (None if np.isnan(n) else float(n) for n in numbers)
        return dict(value=value, interval=[low, high], spread=spread)


@dataclass
class Scores:
    """The figures of one method; ``class_accuracies`` has one for each class."""

    overall_accuracy: Figure
    mean_class_accuracy: Figure
    macro_f1: Figure
    class_accuracies: list


def score(
    labels: np.ndarray,
    answers: np.ndarray,
    num_classes: int,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Scores:
    """Scores the answers of one method.

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        answers (np.ndarray): Answered classes, integers of shape (N, ), or (N, S) for S seeds.
            An interval of several seeds is that of their mean, on the same drawn images.
        num_classes (int): C, the number of classes.
        level (float): Share of the draws that an interval holds. Defaults to 0.95.
        draws (int): Draws of the bootstrap. Defaults to 2000.
        seed (int): Seed of the draws. Defaults to 0.

    Returns:
        Scores: In per cent; nan for a class without images.
    """
    answers = np.asarray(answers).reshape(len(labels), -1)

    def of_each_seed(labels: np.ndarray, answers: np.ndarray) -> np.ndarray:
        return np.array(
            [
                [
                    overall_accuracy(labels, column),
                    mean_class_accuracy(labels, column, num_classes),
                    macro_f1(labels, column, num_classes),
                    *class_accuracies(labels, column, num_classes),
                ]
                for column in answers.T
            ]
        )

    values = of_each_seed(labels, answers)
    ends = bootstrap(
        lambda *drawn: of_each_seed(*drawn).mean(0), labels, answers, level, draws, seed
    )
    figures = []
    for column, low, high in zip(values.T, *ends):
        mean, spread = mean_and_spread(column)
        figures.append(Figure(mean, (float(low), float(high)), spread))
    return Scores(*figures[:3], figures[3:])


def difference(
    labels: np.ndarray,
    first: np.ndarray,
    other: np.ndarray,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Figure:
    """How much higher the overall accuracy of ``other`` is than that of ``first``.

    Args:
        labels (np.ndarray): True classes, integers of shape (N, ).
        first (np.ndarray): Answers of one method, shape (N, ) or (N, S).
        other (np.ndarray): Answers of the other method, shape (N, ) or (N, T).
        level (float): Share of the draws that the interval holds. Defaults to 0.95.
        draws (int): Draws of the bootstrap. Defaults to 2000.
        seed (int): Seed of the draws. Defaults to 0.

    Returns:
        Figure: In percentage points, with the paired bootstrap interval.
    """

    def mean_accuracy(labels: np.ndarray, answers: np.ndarray) -> float:
        columns = answers.reshape(len(labels), -1).T
        return float(np.mean([overall_accuracy(labels, column) for column in columns]))

    labels, first, other = np.asarray(labels), np.asarray(first), np.asarray(other)
    value = mean_accuracy(labels, other) - mean_accuracy(labels, first)
    interval = difference_interval(mean_accuracy, labels, first, other, level, draws, seed)
    return Figure(value, interval)
