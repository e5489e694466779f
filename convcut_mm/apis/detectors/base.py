"""What every face detector gives, and the whole image as a face."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

# eyes, nose and mouth corners of RAF-DB's aligned faces; it publishes no positions, so these are
# close, not exact. The nose moves with the head's turn: no crop is fitted to it
RAF_DB = np.array([[0.31, 0.38], [0.69, 0.38], [0.5, 0.59], [0.35, 0.77], [0.65, 0.77]])

Box = tuple[float, float, float, float]


class Face(NamedTuple):
    """A face in an image.

    Attributes:
        box (tuple[float]): x1, y1, x2, y2 in pixels; x2 and y2 are just outside.
        score (float, optional): From 0 to 1, how sure the detector is, where it says so.
        landmarks (ndarray, optional): (5, 2), x and y in pixels of the eye on the image's left,
            the eye on its right, nose, mouth corner on its left, mouth corner on its right; of a
            rolled face those of the image turned until the face is upright.
        turn (int): Degrees clockwise by which the whole image has to be turned to stand right: 0,
            90, 180 or 270. Defaults to 0.
    """

    box: Box
    score: float | None = None
    landmarks: np.ndarray | None = None
    turn: int = 0


class Detector(ABC):
    """Finds faces.

    Attributes:
        margin (float): What belongs around its boxes on each side, as a fraction of the
            box's side.
        template (ndarray): (5, 2), where the landmarks of an upright face belong, as parts of the
            square that is cut out; unused for faces without landmarks.
    """

    margin: float = 0.0
    template: np.ndarray = RAF_DB

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
