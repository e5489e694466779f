"""The cascade of boosted local binary patterns that scikit-image brings along: no download."""

import cv2
import numpy as np

from ...errors import ConvcutError
from .base import Box, Detector, Face
from .boxes import merge

MOST_GROWTH = 3  # small images are enlarged so many times at most
SMALLEST = 24  # pixels, the cascade's window: no smaller face can be seen
LEAST_PIXELS = 14  # of a face in the image itself; fewer show no expression
BORDER = 0.15  # added on each side, for a window must not touch the border of the image
COARSE = 1.2, 1.5  # steps of the window's size and place in the first look
FIRST_LOOK = 2  # windows of the first look that are worth a second one
FINE = 1.1, 1.0  # and in the second one, at each place where the first saw something
FINE_SIDE = 48  # pixels that a face has in the second look, whatever its size


class CascadeDetector(Detector):
    """Frontal, upright faces, in two looks: a coarse one, and a fine one at what it found.

    Args:
        longest (int): Pixels of the image's longer side in which faces are looked for. The
            smallest face has 24 of them, so more find smaller faces, in a time that grows with
            the area. Defaults to 480: faces from a twentieth of the longer side on.
        least_windows (int): Windows of the second look that have to agree on a face. More of them
            mean fewer false faces and more that are missed. Defaults to 13: the astronaut has 15
            or more in every size, what is no face 12 or fewer in photographs without one.

    Raises:
        ConvcutError: scikit-image is not installed.
    """

    # its box is what FER2013's images show: on 654 held-out ones its side is 48.3 of 48 pixels,
    # and with 0 most labels (91.0 %) are those of the whole image (0.1: 87.5 %, -0.1: 88.1 %)
    margin = 0.0

    def __init__(self, longest: int = 480, least_windows: int = 13) -> None:
        try:
            from skimage.data import lbp_frontal_face_cascade_filename
            from skimage.feature import Cascade
        except ImportError:
            raise ConvcutError(
                'the detector "cascade" needs scikit-image: pip install scikit-image'
            ) from None
        self._cascade = Cascade(lbp_frontal_face_cascade_filename())
        self.longest, self.least_windows = longest, least_windows

    def __reduce__(self) -> tuple:
        return type(self), (self.longest, self.least_windows)

    def __call__(self, image: np.ndarray) -> list[Face]:
        """Find faces, largest first; see :class:`Detector`."""
        height, width = image.shape[:2]
        scale = min(self.longest / max(height, width), MOST_GROWTH)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), size, interpolation=how)
        border = round(BORDER * min(size))
        grey = cv2.copyMakeBorder(grey, border, border, border, border, cv2.BORDER_REPLICATE)
        smallest = max(SMALLEST, LEAST_PIXELS * scale)
        seen = [
            self._second_look(grey, box)
            for box, windows in merge(self._windows(grey, COARSE, smallest, min(grey.shape)))
            if windows >= FIRST_LOOK
        ]
        back = np.array([width / size[0], height / size[1]] * 2)
        # two places of the first look may show one face in the second
        return [
            Face(tuple(((np.array(box) - border) * back).tolist()))
            for box, _ in merge([box for box, windows in seen if windows >= self.least_windows])
        ]

    def _windows(
        self, grey: np.ndarray, steps: tuple[float, float], smallest: float, largest: float
    ) -> list[Box]:
        """Every window in which the cascade sees a face, several for each."""
        if largest < smallest:
            return []
        # by position: the last two have had other names. An overlap of 2 is never reached, so
        # that the windows come one by one, and one of them is enough
        windows = self._cascade.detect_multi_scale(
            grey, *steps, (smallest, smallest), (largest, largest), 1, 2.0
        )
        return [(w['c'], w['r'], w['c'] + w['width'], w['r'] + w['height']) for w in windows]

    def _second_look(self, grey: np.ndarray, box: Box) -> tuple[Box, int]:
        """The box in detail, and how many windows agree on it."""
        scale = FINE_SIDE / (box[2] - box[0])
        side = 2 * FINE_SIDE
        x, y = (side / scale - box[0] - box[2]) / 2, (side / scale - box[1] - box[3]) / 2
        to_patch = np.array([[scale, 0, scale * x], [0, scale, scale * y]])
        if scale < 1:  # against aliasing
            grey = cv2.GaussianBlur(grey, (0, 0), 0.35 / scale)
        patch = cv2.warpAffine(grey, to_patch, (side, side), borderMode=cv2.BORDER_REPLICATE)
        found = merge(self._windows(patch, FINE, FINE_SIDE / 1.5, FINE_SIDE * 1.5))
        if not found:
            return box, 0
        best, windows = max(found, key=lambda item: item[1])
        shift = np.array([x, y, x, y])
        return tuple((np.array(best) / scale - shift).tolist()), windows
