"""A frame of a video or of an animated image."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Frame:
    """A frame.

    Attributes:
        index (int): Number from 0, of those that can be read.
        time (float): Seconds from the start.
        image (ndarray): (H, W, 3) uint8, red, green, blue.
    """

    index: int
    time: float
    image: np.ndarray
