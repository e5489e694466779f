"""Repeats of an image within an epoch, marked on their way from the sampler to the data set."""

import numpy as np


class Repeat(int):
    """Number of an image that has come before in this epoch.

    A sampler yields it and torch carries it to the worker process. It is an ``int`` to every data
    set; :class:`FERDataset` also seeds its random numbers with ``occurrence``, so that the second
    copy of an image is augmented differently from the first.

    Args:
        number: Number of the image.
        occurrence: How often the image has come before, in all processes together.
    """

    occurrence: int

    def __new__(cls, number: int, occurrence: int) -> 'Repeat':
        self = super().__new__(cls, number)
        self.occurrence = occurrence
        return self

    def __getnewargs__(self) -> tuple[int, int]:  # type: ignore[override]
        return int(self), self.occurrence


def occurrence(index: int) -> int:
    """Return how often the image has come before: 0 for a plain number."""
    return getattr(index, 'occurrence', 0)


def mark_repeats(numbers: np.ndarray) -> list[int]:
    """Turn all but the first occurrence of each number into a :class:`Repeat`.

    Args:
        numbers: Image numbers of the whole epoch, all processes, in order, (N,).
    """
    order = np.argsort(numbers, kind='stable')
    before = np.empty_like(order)
    before[order] = np.arange(len(numbers)) - np.searchsorted(numbers[order], numbers[order])
    pairs = zip(numbers.tolist(), before.tolist())
    return [Repeat(number, count) if count else number for number, count in pairs]
