"""What a backend is shown of a face: cut out, in its size, without colours if it knows none."""

from collections.abc import Sequence

import cv2
import numpy as np

from .backends import Backend
from .detectors import Face, crop_face


def cut_out(
    image: np.ndarray, face: Face, margin: float, template: np.ndarray, backend: Backend
) -> np.ndarray:
    """Cut a face out for a backend; see :func:`crop_face`.

    Returns:
        ndarray: (size, size, 3) uint8.
    """
    side = round(backend.size / backend.crop_ratio)
    return fitted(crop_face(image, face, margin, side, template), backend)


def whole(image: np.ndarray, face: Face, backend: Backend) -> np.ndarray:
    """The image itself as the face; see :func:`cut_out`."""
    return fitted(image, backend)


def classified(faces: Sequence[np.ndarray], backend: Backend) -> np.ndarray:
    """What a backend says of faces, which damaged weights turn into NaN; unchecked.

    Args:
        faces (Sequence[ndarray]): (H, W, 3) uint8, red, green, blue, of any size.
        backend (Backend): The backend.

    Returns:
        ndarray: Probabilities, (N, C).
    """
    if not len(faces):
        return np.zeros((0, len(backend.classes)), np.float32)
    return backend(np.stack([fitted(face, backend) for face in faces]))


def fitted(face: np.ndarray, backend: Backend) -> np.ndarray:
    """A face in the size that a backend takes; one in that size already stays as it is."""
    size = backend.size
    if face.shape[:2] != (size, size):
        face = resized(middle(face, backend.crop_ratio), size)
    if backend.grey and not _is_grey(face):
        face = np.repeat(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    return face


def middle(image: np.ndarray, ratio: float) -> np.ndarray:
    """The middle of an image, that part of each side."""
    height, width = image.shape[:2]
    top, left = round(height * (1 - ratio) / 2), round(width * (1 - ratio) / 2)
    return image[top : height - top, left : width - left]


def resized(image: np.ndarray, size: int) -> np.ndarray:
    """An image in ``size`` x ``size`` pixels: averaged where it shrinks, linear where it grows."""
    shrinks = min(image.shape[:2]) > size
    return cv2.resize(
        image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def _is_grey(image: np.ndarray) -> bool:
    return bool((image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all())
