"""Check that an exported file computes what PyTorch computes."""

from typing import NamedTuple

import cv2
import numpy as np

from ..apis.backends.base import Backend

COARSE = 6  # cells a side that smooth pictures are interpolated from


class Parity(NamedTuple):
    """The comparison of two backends.

    Attributes:
        faces: Number of faces.
        difference: Largest difference between two probabilities, infinite if one is NaN.
        labels: Number of faces with different predicted labels.
    """

    faces: int
    difference: float
    labels: int


def sample_faces(size: int, count: int = 32, seed: int = 0) -> np.ndarray:
    """Sample pictures that cover the range of a network: smooth ones, noise, black and white.

    Args:
        size (int): Side in pixels.
        count (int): Number of pictures, even and at least 4. Defaults to 32.
        seed (int): Seed. Defaults to 0.

    Returns:
        ndarray: (count, size, size, 3) uint8.
    """
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count // 2, COARSE, COARSE, 3), np.uint8)
    smooth = [cv2.resize(cells, (size, size), interpolation=cv2.INTER_CUBIC) for cells in coarse]
    noise = rng.integers(0, 256, (count - count // 2, size, size, 3), np.uint8)
    faces = np.concatenate([np.stack(smooth), noise])
    faces[0], faces[-1] = 0, 255
    return faces


def compare(reference: Backend, backend: Backend, faces: np.ndarray) -> Parity:
    """Compare probabilities of one face, of a batch of three, and of the rest in one batch.

    Args:
        reference (Backend): PyTorch; it runs all faces in one batch.
        backend (Backend): The exported file.
        faces (ndarray): (N, size, size, 3) uint8 RGB.
    """
    expected = reference(faces)
    got = np.concatenate([backend(part) for part in np.split(faces, [1, 4]) if len(part)])
    difference = float(np.abs(expected - got).max())
    return Parity(
        faces=len(faces),
        difference=difference if np.isfinite(difference) else float('inf'),
        labels=int((expected.argmax(1) != got.argmax(1)).sum()),
    )
