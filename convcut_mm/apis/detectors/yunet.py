"""YuNet (Wu et al., 2023) through OpenCV: faces at any size with five landmarks."""

import hashlib
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from ...errors import ConvcutError
from ...utils.image_files import read_file
from .base import Detector, Face

SOURCE = 'face_detection_yunet_2023mar.onnx from github.com/opencv/opencv_zoo'
# as OpenCV publishes them: float32 and 8-bit integers
DIGESTS = (
    '8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4',
    'd0405ddda91a261af340e087219dfbac26cea1575aab2ccb7f2ed41e20708a82',
)
LARGEST_FILE = 16 * 2**20  # bytes; YuNet has a quarter of one
LONGEST = 1280  # pixels; larger images are scaled down, smaller faces than 1/100 of it are lost


class YuNetDetector(Detector):
    """Needs YuNet's model file, which is not in this package.

    Args:
        model_file (str | Path): The ONNX file.
        least_score (float): Faces with less are left out. Defaults to 0.7.
        trusted (bool): Take a network of your own too. OpenCV's reader of networks is not made for
            files from strangers: with some it reads and writes memory that is not the file's.
            Defaults to False: OpenCV's own files only.

    Raises:
        ConvcutError: No model file, or another one than OpenCV's.
    """

    def __init__(
        self,
        model_file: str | Path | None,
        least_score: float = 0.7,
        trusted: bool = False,
    ) -> None:
        self._arguments = model_file, least_score, trusted
        self._lock = Lock()  # the network has one size at a time
        if model_file is None:
            raise ConvcutError(
                'the detector "yunet" needs its model file (detector_model, --detector-model): '
                f'{SOURCE}'
            )
        if not Path(model_file).is_file():
            raise ConvcutError(f'{model_file}: no such file; expected {SOURCE}')
        content = read_file(model_file, LARGEST_FILE)
        if not trusted and hashlib.sha256(content).hexdigest() not in DIGESTS:
            raise ConvcutError(
                f'{model_file}: not a YuNet model that OpenCV has published, by its SHA-256; '
                f'expected {SOURCE}'
            )
        try:
            self._network = cv2.FaceDetectorYN.create(
                'onnx',
                np.frombuffer(content, np.uint8),
                np.zeros(0, np.uint8),
                (320, 320),
                score_threshold=least_score,
                nms_threshold=0.3,
            )
            self(np.zeros((64, 64, 3), np.uint8))  # another network fails only here
        except (cv2.error, IndexError, ValueError):
            raise ConvcutError(f'{model_file}: not a YuNet model; expected {SOURCE}') from None

    def __reduce__(self) -> tuple:
        return type(self), self._arguments

    def __call__(self, image: np.ndarray) -> list[Face]:
        """Find faces, surest first; see :class:`Detector`."""
        height, width = image.shape[:2]
        scale = min(1.0, LONGEST / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        if scale < 1:
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        with self._lock:
            self._network.setInputSize(size)
            _, rows = self._network.detect(np.ascontiguousarray(image[..., ::-1]))
        # box x, y, width, height; five points; score
        back = np.array([width / size[0], height / size[1]])
        faces = []
        for row in np.zeros((0, 15)) if rows is None else rows.astype(float):
            if not np.isfinite(row).all():
                continue
            corners = np.concatenate([row[:2], row[:2] + row[2:4]]) * np.tile(back, 2)
            landmarks = row[4:14].reshape(5, 2) * back
            faces.append(Face(tuple(corners.tolist()), float(row[14]), landmarks))
        return sorted(faces, key=lambda face: -(face.score or 0.0))
