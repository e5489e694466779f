"""Count copies within and across splits, and how often two copies carry different labels."""

from dataclasses import dataclass

import numpy as np

from ...datasets.utils.duplicates import Duplicates
from ..functional.wilson import wilson_interval
from .labelled_images import LabelledImages


@dataclass(frozen=True)
class Pair:
    """Two copies.

    Attributes:
        first, second: Numbers of the images.
        kind: 'identical', 'near' or 'mirrored'.
        correlation: Of their thumbnails; 1 if identical.
    """

    first: int
    second: int
    kind: str
    correlation: float


@dataclass(frozen=True)
class Agreement:
    """How often two copies carry the same label; no image is in two pairs.

    Attributes:
        title: Which pairs.
        pairs: Their number.
        different: Those with different labels.
    """

    title: str
    pairs: int
    different: int

    @property
    def per_cent(self) -> float:
        """Pairs with equal labels, nan without pairs."""
        return 100 * (1 - self.different / self.pairs) if self.pairs else float('nan')

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval, in per cent."""
        return wilson_interval(self.pairs - self.different, self.pairs)


@dataclass(frozen=True)
class CopiesReport:
    """Copies in a data set.

    Attributes:
        images: The images.
        standing: For each split, by kind of copy ('identical', 'nearly identical', the latter
            with the former), its labelled images that stand in the first split too (in the first
            split itself: that repeat another image of it), (N,) bool.
        whatever: The same, but compared with all images of the first split, labelled or not.
        agreements: Of labels of copies.
        pairs: Each image with its first identical one, and all nearly identical pairs.
        unreadable: Images that no decoder reads.
    """

    images: LabelledImages
    standing: dict[str, dict[str, np.ndarray]]
    whatever: dict[str, dict[str, np.ndarray]]
    agreements: list[Agreement]
    pairs: list[Pair]
    unreadable: list[str]


KINDS = {'identical': False, 'nearly identical': True}


def report_copies(images: LabelledImages, found: Duplicates) -> CopiesReport:
    """Count.

    Args:
        images: The images.
        found: The copies among them, in their order.
    """
    labelled = images.labels >= 0
    standing: dict[str, dict[str, np.ndarray]] = {}
    whatever: dict[str, dict[str, np.ndarray]] = {}
    for number, name in enumerate(images.splits):
        here = (images.split == number) & labelled
        for result, others in (
            (standing, (images.split == 0) & labelled),
            (whatever, images.split == 0),
        ):
            result[name] = {
                kind: here & (found.repeats(others, near) if number == 0 else
                              found.stands_in(others, near))
                for kind, near in KINDS.items()
            }  # fmt: skip
    return CopiesReport(
        images,
        standing,
        whatever,
        _agreements(images, found),
        _pairs(found),
        [images.paths[i] for i in np.flatnonzero(~found.readable)],
    )


def _pairs(found: Duplicates) -> list[Pair]:
    again = np.flatnonzero(found.identity != np.arange(len(found.identity)))
    pairs = [Pair(int(found.identity[i]), int(i), 'identical', 1.0) for i in again]
    for (first, second), correlation, mirrored in zip(
        found.pairs.tolist(), found.correlation.tolist(), found.mirrored.tolist()
    ):
        pairs.append(Pair(first, second, 'mirrored' if mirrored else 'near', correlation))
    return pairs


def _agreements(images: LabelledImages, found: Duplicates) -> list[Agreement]:
    labelled = images.labels >= 0
    train = (images.split == 0) & labelled
    result = []
    for number, name in enumerate(images.splits):
        here = (images.split == number) & labelled
        if number == 0:
            title = f'identical images within {name}, the first two of each'
            pairs = _first_two(found.identity, here)
        else:
            title = f'images of {name} and the first identical one of {images.splits[0]}'
            pairs = _with_first(found.identity, here, train)
        result.append(_agreement(title, images.labels, pairs))
    near = np.array([pair for pair in found.pairs.tolist() if labelled[pair].all()], dtype=int)
    title = 'nearly identical pairs, all splits (an image can be in several)'
    return [*result, _agreement(title, images.labels, near.reshape(-1, 2))]


def _agreement(title: str, labels: np.ndarray, pairs: np.ndarray) -> Agreement:
    first, second = labels[pairs].T
    return Agreement(title, len(pairs), int((first != second).sum()))


def _first_two(identity: np.ndarray, here: np.ndarray) -> np.ndarray:
    numbers = np.flatnonzero(here)
    order = numbers[np.argsort(identity[numbers], kind='stable')]
    keys = identity[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]][: len(keys)])
    starts = starts[(starts + 1 < len(keys))]
    starts = starts[keys[starts] == keys[starts + 1]]
    return np.stack([order[starts], order[starts + 1]], axis=1)


def _with_first(identity: np.ndarray, here: np.ndarray, train: np.ndarray) -> np.ndarray:
    first = np.full(len(identity), -1)
    numbers = np.flatnonzero(train)[::-1]
    first[identity[numbers]] = numbers  # the lowest number is written last
    some = np.flatnonzero(here & (first[identity] >= 0))
    return np.stack([some, first[identity[some]]], axis=1)
