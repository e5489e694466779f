"""Which faces of a video's frames belong to the same person: those whose boxes overlap."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from .detectors.boxes import overlap


class Tracker:
    """Numbers faces from frame to frame by the overlap of their boxes.

    Args:
        patience (float): Seconds for which a face may be out of sight and keep its number.
            Defaults to 1.
        least_overlap (float): Intersection over union of two frames' boxes from which they may be
            one person's. Defaults to 0.3.
    """

    def __init__(self, patience: float = 1.0, least_overlap: float = 0.3) -> None:
        self.patience, self.least_overlap = patience, least_overlap
        self._seen: dict = {}  # number: (box, time), those in sight or just out of it
        self._next = 0

    def update(self, boxes: Sequence, time: float) -> list:
        """Numbers the faces of the next frame.

        Args:
            boxes (Sequence): x1, y1, x2, y2 of each.
            time (float): The frame's time in seconds.

        Returns:
            list[int]: A number for each box, from 0 in the order of appearance.
        """
        self._seen = {
            number: (box, last)
            for number, (box, last) in self._seen.items()
            if time - last <= self.patience
        }
        numbers: list = [None] * len(boxes)
        known = list(self._seen)
        if known and len(boxes):
            shared = overlap(
                np.array([self._seen[number][0] for number in known], dtype=float),
                np.array(boxes, dtype=float),
            )
            for row, column in zip(*linear_sum_assignment(shared, maximize=True)):
                if shared[row, column] >= self.least_overlap:
                    numbers[column] = known[row]
        for index, box in enumerate(boxes):
            if numbers[index] is None:
                numbers[index] = self._next
                self._next += 1
            self._seen[numbers[index]] = (box, time)
        return numbers
