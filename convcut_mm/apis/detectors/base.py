"""What every face detector gives, and the whole image as a face."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

Box = tuple[float, float, float, float]


class Face(NamedTuple):
    """A face in an image.

    Attributes:
        box (tuple[float]): x1, y1, x2, y2 in pixels; x2 and y2 are just outside.
        score (float, optional): From 0 to 1, how sure the detector is, where it says so.
        landmarks (ndarray, optional): (5, 2), x and y in pixels of the eye on the image's left,
            the eye on its right, nose, mouth corner on its left, mouth corner on its right.
    """

    box: Box
    score: float | None = None
    landmarks: np.ndarray | None = None


class Detector(ABC):
    """Finds faces.

    Attributes:
        margin (float): What belongs around its boxes on each side, as a fraction of the
            box's side.
    """

    margin: float = 0.0

    @abstractmethod
    def __call__(self, image: np.ndarray) -> list[Face]:
        """Find the faces of an image.

        Args:
            image (ndarray): (H, W, 3) uint8, red, green, blue.

        Returns:
            list[Face]: Best first; empty if there is none.
        """


class WholeImage(Detector):
    """The detector 'none': the image is the face."""

    def __call__(self, image: np.ndarray) -> list[Face]:
        """One face, the image; see :class:`Detector`."""
        height, width = image.shape[:2]
        return [Face((0.0, 0.0, float(width), float(height)))]
