"""Pictures in a window."""

import os
import sys

import cv2
import numpy as np

from ...errors import ConvcutError

QUIT = ord('q'), 27  # and Escape


def check_display() -> None:
    """Raise an error if no window can be opened, where OpenCV would end the process.

    Raises:
        ConvcutError: There is no display.
    """
    if sys.platform == 'linux' and not os.environ.get('DISPLAY'):
        raise ConvcutError('there is no display to open a window on; leave show (--show) out')


def show(picture: np.ndarray, seconds: float) -> bool:
    """Show a picture.

    Args:
        picture (ndarray): (H, W, 3) uint8, red, green, blue.
        seconds (float): How long, 0 until a key is pressed.

    Returns:
        bool: False once the user pressed q or Escape.

    Raises:
        ConvcutError: There is no display, or this OpenCV has no windows.
    """
    check_display()
    try:
        cv2.imshow('convcut_mm', np.ascontiguousarray(picture[..., ::-1]))
        key = cv2.waitKey(max(1, round(1000 * seconds)) if seconds else 0)
    except cv2.error:
        raise ConvcutError('this OpenCV cannot open a window; leave show (--show) out') from None
    return key & 0xFF not in QUIT
