"""Images that come several times in an epoch, told apart on their way to the data set."""

import numpy as np


class Repeat(int):
    """Number of an image that has come before in this epoch.

    A sampler yields it and torch carries it to the worker process. It is an ``int`` to every data
    set; :class:`FERDataset` also seeds its draws with ``occurrence``, so that the second copy of
    an image is augmented otherwise than the first.

    Args:
        number (int): Number of the image.
        occurrence (int): How often the image has come before, in all processes together.
    """

    occurrence: int

    def __new__(cls, number: int, occurrence: int) -> 'Repeat':
        self = super().__new__(cls, number)
        self.occurrence = occurrence
        return self

    def __getnewargs__(self) -> tuple[int, int]:
        return int(self), self.occurrence


def occurrence(index: int) -> int:
    """How often the image has come before: 0 for a plain number."""
    return getattr(index, 'occurrence', 0)


def tell_apart(numbers: np.ndarray) -> list[int]:
    """Numbers of images, (N,), as a list in which all but the first of each is a :class:`Repeat`.

    Args:
        numbers (np.ndarray): The whole epoch of all processes, in the order of the draw.
    """
    order = np.argsort(numbers, kind='stable')
    before = np.empty_like(order)
    before[order] = np.arange(len(numbers)) - np.searchsorted(numbers[order], numbers[order])
    pairs = zip(numbers.tolist(), before.tolist())
    return [Repeat(number, count) if count else number for number, count in pairs]
