"""A face cut out of its image as a square, upright where landmarks say how it is turned."""

import math

import cv2
import numpy as np

from .base import RAF_DB, Box, Face

LANDMARKS = [0, 1, 3, 4]  # of the five; the nose moves with the head's turn


def crop_face(
    image: np.ndarray, face: Face, margin: float, size: int, template: np.ndarray = RAF_DB
) -> np.ndarray:
    """Cut a face out.

    With landmarks, eyes and mouth corners are moved, turned and scaled onto a template (least
    squares, no stretching); else the square around the box's middle with the box's longer side is
    taken, turned as the whole image is. What lies outside of the image repeats its border.

    Args:
        image (ndarray): (H, W, 3) uint8.
        face (Face): A detector's.
        margin (float): What is added on each side, as a fraction of the square's side; negative
            for a tighter cut.
        size (int): Side of the result in pixels.
        template (ndarray): (5, 2), where landmarks go, as parts of the square. Defaults to those
            of RAF-DB's aligned faces.

    Returns:
        ndarray: (size, size, 3) uint8.
    """
    if face.landmarks is not None:
        to_square = similarity(face.landmarks[LANDMARKS], template[LANDMARKS])
    else:
        to_square = _turned(_box_to_square(face.box), face.turn)
    # the unit square with its margin becomes the result
    grown = np.array([[1, 0, margin], [0, 1, margin]]) / (1 + 2 * margin)
    to_result = size * (grown[:, :2] @ to_square + [[0, 0, grown[0, 2]], [0, 0, grown[1, 2]]])
    return _warp(image, to_result, size)


def _box_to_square(box: Box) -> np.ndarray:
    x1, y1, x2, y2 = box
    side = max(x2 - x1, y2 - y1)
    left, top = (x1 + x2 - side) / 2, (y1 + y2 - side) / 2
    return np.array([[1, 0, -left], [0, 1, -top]]) / side


def _turned(to_square: np.ndarray, turn: int) -> np.ndarray:
    """The unit square, turned clockwise about its middle."""
    x, y = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[turn]
    turning = np.array([[x, -y], [y, x]])
    return np.column_stack([turning @ to_square[:, :2], turning @ (to_square[:, 2] - 0.5) + 0.5])


def similarity(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Shift, turn and scale that bring points closest to a target, by least squares.

    Args:
        points (ndarray): (N, 2).
        target (ndarray): (N, 2).

    Returns:
        ndarray: (2, 3), to be multiplied with (x, y, 1).
    """
    x, y = points.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    # u = a x - b y + c and v = b x + a y + d
    rows = np.concatenate(
        [np.stack([x, -y, one, zero], axis=1), np.stack([y, x, zero, one], axis=1)]
    )
    a, b, c, d = np.linalg.lstsq(rows, target.T.ravel(), rcond=None)[0]
    return np.array([[a, -b, c], [b, a, d]])


def _warp(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Sample ``size`` x ``size`` pixels; where they are coarser than the image's, average."""
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    finer = max(1, math.ceil(1 / scale))
    finer = min(finer, max(1, 4096 // size))  # a face of 8,000 pixels needs no more
    # pixel centres lie at halves in the matrix, at whole numbers in OpenCV
    matrix = matrix * finer
    matrix[:, 2] += 0.5 * (matrix[:, 0] + matrix[:, 1]) - 0.5
    square = cv2.warpAffine(
        image,
        matrix,
        (size * finer, size * finer),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if finer > 1:
        square = cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA)
    return square
