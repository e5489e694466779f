"""dlib's frontal faces by histograms of gradients: fast, and no landmarks."""

import numpy as np

from ...errors import ConvcutError
from .base import Detector, Face
from .patches import resized


class DlibDetector(Detector):
    """Frontal, upright faces.

    Args:
        longest (int): Pixels of the image's longer side in which faces are looked for; a face
            needs 80 of them. Smaller images stay as they are. Defaults to 960.

    Raises:
        ConvcutError: dlib is not installed.
    """

    def __init__(self, longest: int = 960) -> None:
        try:
            import dlib
        except ImportError:
            raise ConvcutError('the detector "dlib" needs dlib: pip install dlib-bin') from None
        self._find = dlib.get_frontal_face_detector()
        self.longest = longest

    def __reduce__(self) -> tuple:
        return type(self), (self.longest,)

    def __call__(self, image: np.ndarray) -> list[Face]:
        """Find faces, surest first; see :class:`Detector`."""
        height, width = image.shape[:2]
        scale = min(1.0, self.longest / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        back = np.array([width / size[0], height / size[1]] * 2)
        # its scores have no scale, so they only order the faces
        boxes, _, _ = self._find.run(np.ascontiguousarray(resized(image, size)), 0, 0.0)
        corners = [(box.left(), box.top(), box.right() + 1, box.bottom() + 1) for box in boxes]
        return [Face(tuple((np.array(box) * back).tolist())) for box in corners]
