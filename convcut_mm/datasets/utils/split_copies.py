"""Copies of images within and across the splits of a data set."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .duplicates_cache import cached_duplicates


class SplitCopies:
    """Which images of a data set's splits are copies of which.

    Args:
        paths: Image files of each split.

    Attributes:
        paths: All image files, sorted.
        found: The copies among them, :class:`Duplicates`.
    """

    def __init__(self, paths: Mapping[str, Sequence[str]]) -> None:
        self.paths = sorted({path for some in paths.values() for path in some})
        self.found = cached_duplicates(self.paths)
        self._number = {path: i for i, path in enumerate(self.paths)}
        self._split = {name: self._numbers(some) for name, some in paths.items()}

    def groups(self, split: str, paths: Iterable[str]) -> np.ndarray:
        """Return the number of the group of copies of each image.

        Args:
            split: Split whose images make the groups, whatever other splits there are.
            paths: N images of it.

        Returns:
            (N,) int; equal for images linked by copies.
        """
        return self.found.groups(self._mask([split]))[self._numbers(paths)]

    def stand_in(self, paths: Iterable[str], splits: Iterable[str]) -> list[bool]:
        """Return whether each image is identical or nearly identical to one of other splits.

        Args:
            paths: The images.
            splits: Names of the other splits; missing ones hold no image.
        """
        return self.found.stands_in(self._mask(splits))[self._numbers(paths)].tolist()

    def _numbers(self, paths: Iterable[str]) -> np.ndarray:
        return np.array([self._number[path] for path in paths], dtype=int)

    def _mask(self, splits: Iterable[str]) -> np.ndarray:
        mask = np.zeros(len(self.paths), bool)
        for split in splits:
            mask[self._split.get(split, [])] = True
        return mask
