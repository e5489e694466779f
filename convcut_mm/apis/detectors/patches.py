"""Upright patches of an image, points between both, and the roll of a face."""

import math

import cv2
import numpy as np

GREY = 127  # around the image: beside a repeated border faces of FER2013 were missed more often


def resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """An image in (width, height): averaged where it shrinks, linear where it grows."""
    shrinks = size[0] < image.shape[1]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def roll(landmarks: np.ndarray) -> float:
    """Degrees by which a face is turned clockwise, from eyes and mouth together.

    Args:
        landmarks (ndarray): (5, 2), as in :class:`Face`.

    Returns:
        float: From -180 to 180.
    """
    eyes = landmarks[1] - landmarks[0]
    down = (landmarks[3] + landmarks[4] - landmarks[0] - landmarks[1]) / 2
    # the line of the eyes, and the line across the one from eyes to mouth
    right = _unit(eyes) + _unit(np.array([down[1], -down[0]]))
    return math.degrees(math.atan2(right[1], right[0]))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.hypot(*vector)), 1e-9)


def patch(
    image: np.ndarray, middle: tuple[float, float], side: float, turn: float, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a square out that is turned, grey where it leaves the image.

    Args:
        image (ndarray): (H, W, 3) uint8.
        middle (tuple[float, float]): x and y of the square's middle in pixels.
        side (float): Its side in pixels.
        turn (float): Degrees clockwise by which the square is turned in the image.
        size (int): Pixels of the result's side.

    Returns:
        tuple: (size, size, 3) uint8, and the matrix (2, 3) from the image to it.
    """
    scale = size / max(side, 1.0)
    cosine, sine = (scale * f(math.radians(turn)) for f in (math.cos, math.sin))
    matrix = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0]])
    matrix[:, 2] = size / 2 - matrix[:, :2] @ middle
    source, shift, shrunk = image, np.zeros(2), np.ones(2)
    if scale < 1:  # averaged first, for warping samples single pixels
        reach = 0.75 * side
        height, width = image.shape[:2]
        left, top = (max(0, math.floor(at - reach)) for at in middle)
        right = min(width, math.ceil(middle[0] + reach))
        bottom = min(height, math.ceil(middle[1] + reach))
        if left >= right or top >= bottom:
            return np.full((size, size, 3), GREY, np.uint8), matrix
        part = image[top:bottom, left:right]
        new = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
        source, shift = resized(part, new), np.array([left, top])
        shrunk = np.array(new) / [right - left, bottom - top]
    warp = matrix.copy()
    warp[:, :2] /= shrunk
    warp[:, 2] += matrix[:, :2] @ shift
    # pixel centres lie at halves in the matrix, at whole numbers in OpenCV
    warp[:, 2] += 0.5 * (warp[:, 0] + warp[:, 1]) - 0.5
    square = cv2.warpAffine(
        source,
        warp,
        (size, size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(GREY,) * 3,
    )
    return square, matrix


def patch_to_image(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (N, 2) of a patch in the image that it was cut out of."""
    return (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
