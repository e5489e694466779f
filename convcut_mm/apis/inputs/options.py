"""How images and videos are read, where their files do not say it."""

from typing import NamedTuple

import numpy as np

from ...errors import ConvcutError
from ...utils.checks import at_least


class InputOptions(NamedTuple):
    """How images and videos are read.

    Attributes:
        rotate (int): Degrees by which they are turned clockwise: 0, 90, 180 or 270. Defaults to 0.
        max_value (float, optional): The value of white; see :func:`read_image`. Defaults to None.
        every (int): Of a video, only each n-th frame. Defaults to 1.
        seconds (float, optional): Of a video, only the first so many. Defaults to None: all.
    """

    rotate: int = 0
    max_value: float | None = None
    every: int = 1
    seconds: float | None = None

    def check(self) -> None:
        """Raise an error for an option out of range.

        Raises:
            ConvcutError: Names the option.
        """
        if self.rotate not in (0, 90, 180, 270):
            raise ConvcutError(f'rotate={self.rotate}: expected 0, 90, 180 or 270 (clockwise)')
        if self.max_value is not None and not 0 < self.max_value < float('inf'):
            raise ConvcutError(f'max_value={self.max_value}: expected the value of white, above 0')
        at_least('every', self.every)
        if self.seconds is not None and not self.seconds > 0:
            raise ConvcutError(f'seconds={self.seconds!r}: expected more than 0')

    def turned(self, image: np.ndarray) -> np.ndarray:
        """An image (H, W, 3), turned."""
        return np.ascontiguousarray(np.rot90(image, -self.rotate // 90)) if self.rotate else image


AS_THEY_ARE = InputOptions()
