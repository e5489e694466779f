"""Boxes: how far they overlap, and one box for all that show the same face."""

from collections.abc import Sequence

import numpy as np

from .base import Box


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes.

    torchvision's ``box_iou`` gives the same bits, and never returns in a fork of a process in
    which PyTorch has started threads.

    Args:
        first (ndarray): (N, 4), x1, y1, x2, y2.
        second (ndarray): (M, 4).

    Returns:
        ndarray: (N, M) from 0 to 1.
    """
    shared = _shared_area(first, second)
    return shared / (_area(first)[:, None] + _area(second)[None] - shared)


def inside(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Fraction of the smaller box that lies in the larger one, (N, M); see :func:`overlap`."""
    return _shared_area(first, second) / np.minimum(_area(first)[:, None], _area(second)[None])


def _area(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _shared_area(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return (high - low).clip(0).prod(axis=2)


def merge(
    boxes: Sequence[Box], least_overlap: float = 0.3, least_inside: float = 0.7
) -> list[tuple[Box, int]]:
    """Join boxes of the same face.

    Args:
        boxes (Sequence): Boxes, x1, y1, x2, y2.
        least_overlap (float): Intersection over union from which two show the same face. Defaults
            to 0.3.
        least_inside (float): Fraction of the smaller one inside the larger one from which they do.
            Defaults to 0.7.

    Returns:
        list[tuple]: The median box of each face and the number of boxes that it was made of,
        largest box first.
    """
    # sorted: detectors that run in threads give them in any order
    rest = np.array(sorted(map(tuple, boxes)), dtype=float).reshape(-1, 4)
    merged = []
    while len(rest):
        # from the box that most others agree with, so that no chain joins two neighbours
        same = (overlap(rest, rest) >= least_overlap) | (inside(rest, rest) >= least_inside)
        group = same[same.sum(axis=1).argmax()]
        merged.append((tuple(np.median(rest[group], axis=0).tolist()), int(group.sum())))
        rest = rest[~group]
    merged.sort(key=lambda item: -_area(np.array([item[0]]))[0])
    return merged
