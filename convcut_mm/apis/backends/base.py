"""What classifies faces: PyTorch, or another program that runs an exported model."""

from abc import ABC, abstractmethod

import numpy as np


class Backend(ABC):
    """A classifier of cut-out faces.

    Attributes:
        classes (tuple[str]): Class names in the order of the probabilities.
        size (int): Side in pixels of its square input.
        grey (bool): Whether it was trained on grey faces only; colours mean nothing to it, so it
            gets grey ones. Defaults to False.
        crop_ratio (float): What it sees of the side of a face image, where its pipeline cuts the
            middle out. Defaults to 1: all.
    """

    classes: tuple[str, ...]
    size: int
    grey: bool = False
    crop_ratio: float = 1.0

    @abstractmethod
    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """Classify faces.

        Args:
            faces (ndarray): (N, size, size, 3) uint8, red, green, blue.

        Returns:
            ndarray: (N, C) float32, probabilities.
        """
