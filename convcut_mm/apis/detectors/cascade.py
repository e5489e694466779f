"""The cascade of boosted local binary patterns that scikit-image brings along: no download."""

import cv2
import numpy as np

from ...errors import ConvcutError
from .base import Detector, Face
from .boxes import merge

LONGEST = 640  # pixels; the time grows with the area
SMALLEST = 24  # pixels, the cascade's window: no smaller face can be seen
STEP = 1.2  # from one size of the window to the next


class CascadeDetector(Detector):
    """Frontal, upright faces. Large images are scaled down first, small ones up.

    Args:
        smallest (float): Side of the smallest face that is looked for, as a share of the image's
            longer side. Defaults to 1/20.
        least_boxes (int): Overlapping boxes that make a face; more means fewer false ones.
            Defaults to 3.

    Raises:
        ConvcutError: scikit-image is not installed.
    """

    def __init__(self, smallest: float = 1 / 20, least_boxes: int = 3) -> None:
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
        scale = min(1.0, LONGEST / max(height, width))
        if scale < 1:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        found = self._boxes(grey)
        back = np.array([width / grey.shape[1], height / grey.shape[0]] * 2)
        return [
            Face(tuple((np.array(box) * back).tolist()))
            for box, count in merge(found)
            if count >= self.least_boxes
        ]

    def _boxes(self, grey: np.ndarray) -> list:
        """Every window in which the cascade sees a face, several for each."""
        side = min(grey.shape)
        smallest = max(SMALLEST, round(self.smallest * max(grey.shape)))
        if side < smallest:
            return []
        # by position: the last two have had other names. An overlap of 2 is never reached, so
        # that the windows come one by one, and one of them is enough
        windows = self._cascade.detect_multi_scale(
            grey, STEP, 1.5, (smallest, smallest), (side, side), 1, 2.0
        )
        return [(w['c'], w['r'], w['c'] + w['width'], w['r'] + w['height']) for w in windows]
