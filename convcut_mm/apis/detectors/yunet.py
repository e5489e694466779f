"""YuNet (Wu et al., 2023) through OpenCV: faces at any size with five landmarks."""

from pathlib import Path
from threading import Lock
from typing import Optional, Union

import cv2
import numpy as np

from ...errors import ConvcutError
from .base import Detector, Face

SOURCE = 'face_detection_yunet_2023mar.onnx from github.com/opencv/opencv_zoo'
LONGEST = 1280  # pixels; larger images are scaled down, smaller faces than 1/100 of it are lost


class YuNetDetector(Detector):
    """Needs YuNet's model file, which is not in this package.

    Args:
        model_file (str | Path): The ONNX file.
        least_score (float): Faces with less are left out. Defaults to 0.7.

    Raises:
        ConvcutError: No model file, or one that OpenCV does not take for YuNet.
    """

    def __init__(self, model_file: Optional[Union[str, Path]], least_score: float = 0.7) -> None:
        self._arguments = model_file, least_score
        self._lock = Lock()  # the network has one size at a time
        if model_file is None:
            raise ConvcutError(
                'the detector "yunet" needs its model file (detector_model, --detector-model): '
                f'{SOURCE}'
            )
        if not Path(model_file).is_file():
            raise ConvcutError(f'{model_file}: no such file; expected {SOURCE}')
        try:
            self._network = cv2.FaceDetectorYN.create(
                str(model_file), '', (320, 320), score_threshold=least_score, nms_threshold=0.3
            )
            self(np.zeros((64, 64, 3), np.uint8))  # another network fails only here
        except (cv2.error, IndexError, ValueError):
            raise ConvcutError(f'{model_file}: not a YuNet model; expected {SOURCE}') from None

    def __reduce__(self) -> tuple:
        return type(self), self._arguments

    def __call__(self, image: np.ndarray) -> list:
        """Finds faces, surest first; see :class:`Detector`."""
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
            corners = np.concatenate([row[:2], row[:2] + row[2:4]]) * np.tile(back, 2)
            landmarks = row[4:14].reshape(5, 2) * back
            faces.append(Face(tuple(corners.tolist()), float(row[14]), landmarks))
        return sorted(faces, key=lambda face: -face.score)
