"""The cascade of boosted local binary patterns that scikit-image brings along: no download."""

import cv2
import numpy as np

from ...errors import ConvcutError
from .base import Detector, Face
from .boxes import merge

WINDOW = 24  # pixels of the cascade's window: no smaller face can be found
LONGEST = 640  # pixels; the time grows with the area


class CascadeDetector(Detector):
    """Frontal, upright faces. Images above 640 pixels are scaled down, small ones up.

    Args:
        smallest (float): Side of the smallest face, as a share of the image's longer side. Defaults
            to 1/16.
        least_boxes (int): Overlapping boxes that make a face; more means fewer false ones. Defaults
            to 3.

    Raises:
        ConvcutError: scikit-image is not installed.
    """

    def __init__(self, smallest: float = 1 / 16, least_boxes: int = 3) -> None:
        try:
            from skimage.data import lbp_frontal_face_cascade_filename
            from skimage.feature import Cascade
        except ImportError:
            raise ConvcutError(
                'the detector "cascade" needs scikit-image: pip install scikit-image'
            ) from None
        self._cascade = Cascade(lbp_frontal_face_cascade_filename())
        self.smallest, self.least_boxes = smallest, least_boxes

    def __call__(self, image: np.ndarray) -> list:
        """Finds faces, largest first; see :class:`Detector`."""
        height, width = image.shape[:2]
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        scale = LONGEST / max(height, width)
        return [Face(box) for box in merge([])]
