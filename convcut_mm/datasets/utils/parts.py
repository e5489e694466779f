"""Parts of a split: stratified, seeded halving, repeated along a chain ('holdout/fit').

Copies of an image stay in one part: a model would know the held-out one by heart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ...errors import ConvcutError

PARTS = ('fit', 'holdout')
Number = TypeVar('Number', int, float)


@dataclass(frozen=True)
class HoldoutSplit:
    """One step of a chain.

    Attributes:
        part: Which side to keep, 'fit' or 'holdout'.
        holdout: Fraction of each class that is held out, between 0 and 1.
        seed: Seed of the split.
    """

    part: str
    holdout: float
    seed: int

    def __str__(self) -> str:
        return f'{self.part}, {self.holdout:g} held out, seed {self.seed}'

    def take(self, labels: Sequence[int], groups: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the numbers of the images in the part, ascending.

        Whole groups are sampled, stratified by the class of their first image.

        Args:
            labels: Class of each image.
            groups: Number of the group of copies of each image.

        Raises:
            ValueError: A class has too few groups.
        """
        # imported here: it takes a second, and most programs split nothing
        from sklearn.model_selection import train_test_split

        _, first, group = np.unique(groups, return_index=True, return_inverse=True)
        first.sort()
        fit, held = train_test_split(
            first,
            test_size=self.holdout,
            random_state=self.seed,
            stratify=np.asarray(labels)[first],
        )
        taken = np.zeros(len(first), bool)
        taken[group[fit if self.part == 'fit' else held]] = True
        return np.flatnonzero(taken[group])


def parse_part(
    part: str | None, holdout: float | Sequence[float], seed: int | Sequence[int]
) -> list[HoldoutSplit]:
    """Turn a data set's options into a chain of splits, empty for the whole split.

    Args:
        part: None, 'fit', 'holdout', or a chain of these as in 'holdout/fit'.
        holdout: Fraction held out at each step, or one fraction for all.
        seed: Seed of each step, or one seed for all.

    Raises:
        ConvcutError: The part is unknown, a fraction is not between 0 and 1, or there are not as
            many fractions or seeds as steps.
    """
    parts = [] if part is None else str(part).split('/')
    if not set(parts) <= set(PARTS):
        raise ConvcutError(
            f'unknown part "{part}", expected None, "fit" or "holdout", or a chain of them as in '
            '"holdout/fit"'
        )
    # check the numbers without a part too: a wrong option is wrong for every part
    fractions, seeds = _for_each('holdout', holdout, part), _for_each('holdout_seed', seed, part)
    for fraction in fractions:
        if not 0 < fraction < 1:
            raise ConvcutError(f'holdout={fraction}, expected a fraction between 0 and 1')
    return [HoldoutSplit(*step) for step in zip(parts, fractions, seeds)]


def _for_each(name: str, value: Number | Sequence[Number], part: str | None) -> list[Number]:
    """Return one number for each step of the chain."""
    count = 1 if part is None else len(str(part).split('/'))
    values = [value] * count if isinstance(value, (int, float)) else list(value)
    if part is not None and len(values) != count:
        raise ConvcutError(
            f'{name}={value} with part="{part}": expected one number, or {count}, one for each '
            'step'
        )
    return values
