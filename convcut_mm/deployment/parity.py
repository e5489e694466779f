"""Whether an exported file computes what PyTorch computes."""

from typing import NamedTuple

import cv2
import numpy as np

from ..apis.backends.base import Backend

COARSE = 6  # cells a side of the pictures that are smooth


class Parity(NamedTuple):
    """How two backends compare.

    Attributes:
        faces (int): Number of faces that both were shown.
        difference (float): Largest difference between two probabilities, infinite for NaN.
        labels (int): Number of faces on which the most probable class differs.
    """

    faces: int
    difference: float
    labels: int


def sample_faces(size: int, count: int = 32, seed: int = 0) -> np.ndarray:
    """Pictures that take the whole range of a network: smooth ones, noise, black, white.

    Args:
        size (int): Side in pixels.
        count (int): Number, even and at least 4. Defaults to 32.
        seed (int): Of the draw. Defaults to 0.

    Returns:
        ndarray: (count, size, size, 3) uint8.
    """
    draw = np.random.default_rng(seed)
    coarse = draw.integers(0, 256, (count // 2, COARSE, COARSE, 3), np.uint8)
    smooth = [cv2.resize(cells, (size, size), interpolation=cv2.INTER_CUBIC) for cells in coarse]
    noise = draw.integers(0, 256, (count - count // 2, size, size, 3), np.uint8)
    faces = np.concatenate([np.stack(smooth), noise])
    faces[0], faces[-1] = 0, 255
    return faces


def compare(reference: Backend, backend: Backend, faces: np.ndarray) -> Parity:
    """Compares probabilities: one face alone, a few, then the rest in one batch.

    Args:
        reference (Backend): PyTorch, which gets them in one batch.
        backend (Backend): The exported file.
        faces (ndarray): (N, size, size, 3) uint8, red, green, blue.
    """
    expected = reference(faces)
    got = np.concatenate([backend(part) for part in np.split(faces, [1, 4]) if len(part)])
    difference = float(np.abs(expected - got).max())
    return Parity(
        faces=len(faces),
        difference=difference if np.isfinite(difference) else float('inf'),
        labels=int((expected.argmax(1) != got.argmax(1)).sum()),
    )
