"""MTCNN (Zhang et al., 2016) of facenet-pytorch: five landmarks, thorough and slow."""

from threading import Lock

import numpy as np

from ...errors import ConvcutError
from .base import Detector, Face
from .patches import resized


class MtcnnDetector(Detector):
    """Faces at any size, also turned ones.

    Args:
        longest (int): Pixels of the image's longer side; larger images are reduced. Defaults to
            640.
        least_score (float): Faces with less are left out. Defaults to 0.9.

    Raises:
        ConvcutError: facenet-pytorch is not installed.
    """

    def __init__(self, longest: int = 640, least_score: float = 0.9) -> None:
        try:
            from facenet_pytorch import MTCNN
        except ImportError as error:
            # its metadata ask for a torch of 2023, which it does not need
            raise ConvcutError(
                f'the detector "mtcnn" needs facenet-pytorch ({error}): '
                'pip install requests tqdm && pip install --no-deps facenet-pytorch'
            ) from None
        self._network = MTCNN(keep_all=True, device='cpu')
        self._lock = Lock()
        self.longest, self.least_score = longest, least_score

    def __reduce__(self) -> tuple:
        return type(self), (self.longest, self.least_score)

    def __call__(self, image: np.ndarray) -> list[Face]:
        """Find faces, surest first; see :class:`Detector`."""
        height, width = image.shape[:2]
        scale = min(1.0, self.longest / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        if min(size) < 20:  # its smallest face; smaller images fail in its pyramid
            return []
        back = np.array([width / size[0], height / size[1]])
        with self._lock:
            boxes, scores, points = self._network.detect(resized(image, size), landmarks=True)
        if boxes is None:
            return []
        faces = [
            Face(tuple((box * np.tile(back, 2)).tolist()), float(score), landmarks * back)
            for box, score, landmarks in zip(np.asarray(boxes, float), scores, points)
            if score is not None and score >= self.least_score
        ]
        return sorted(faces, key=lambda face: -(face.score or 0.0))
