"""Parts of a split: stratified, seeded draws, one after the other ('holdout/fit')."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional, Union

import numpy as np

from ...errors import ConvcutError

PARTS = ('fit', 'holdout')


@dataclass(frozen=True)
class Draw:
    """One draw: which of its two parts is meant, the share that is held out, the seed."""

    part: str
    holdout: float
    seed: int

    def __str__(self) -> str:
        return f'{self.part}, {self.holdout:g} held out, seed {self.seed}'

    def take(self, labels: Sequence[int]) -> np.ndarray:
        """Numbers of the images in the part, ascending.

        Args:
            labels (Sequence[int]): Class of each image.

        Raises:
            ValueError: A class with too few images.
        """
        # here, since its import takes a second, and most programs draw no part
        from sklearn.model_selection import train_test_split

        fit, held = train_test_split(
            np.arange(len(labels)),
            test_size=self.holdout,
            random_state=self.seed,
            stratify=labels,
        )
        return np.sort(fit if self.part == 'fit' else held)


def parse_part(
    part: Optional[str],
    holdout: Union[float, Sequence[float]],
    seed: Union[int, Sequence[int]],
) -> list:
    """The options of a data set as a list of draws, none where the whole split is meant.

    Args:
        part (str, optional): None, 'fit', 'holdout', or a chain of these as in 'holdout/fit'.
        holdout (float | Sequence[float]): Share of each draw, or one share for all.
        seed (int | Sequence[int]): Seed of each draw, or one seed for all.

    Raises:
        ConvcutError: An unknown part, a share that is none, another number of shares or seeds
            than of draws.
    """
    parts = [] if part is None else str(part).split('/')
    if not set(parts) <= set(PARTS):
        raise ConvcutError(
            f'unknown part "{part}", expected None, "fit" or "holdout", or a chain of them as in '
            '"holdout/fit"'
        )
    # checked where nothing is drawn too: a wrong option is wrong for every part
    count = max(1, len(parts))
    shares = _each('holdout', holdout, count, part)
    seeds = _each('holdout_seed', seed, count, part)
    for share in shares:
        if not 0 < share < 1:
            raise ConvcutError(f'holdout={share}, expected a share between 0 and 1')
    return [Draw(*one) for one in zip(parts, shares, seeds)]


def _each(name: str, value: Union[float, Sequence[float]], count: int, part: str) -> list:
    values = list(value) if isinstance(value, (list, tuple)) else [value] * count
    if part is not None and len(values) != count:
        raise ConvcutError(
            f'{name}={value} with part="{part}": expected one number, or {count}, one for each '
            'draw'
        )
    return values
