"""Which faces of a video's frames belong to the same person: those whose boxes overlap."""

from collections.abc import Sequence

import numpy as np

from .detectors.boxes import overlap

PATIENCE = 2.0  # seconds; detectors lose a face that turns or is covered for one or two


class Tracker:
    """Numbers faces from frame to frame by the overlap of their boxes.

    A face that is not found for up to ``patience`` seconds and comes back to its place keeps its
    number. The persons of the frame before have the first choice: a gap gives nobody's number to
    somebody who was in sight.

    Args:
        patience (float): Seconds from the last frame in which a face was found to the next, at any
            frame rate; that of neighbouring frames may be longer. Defaults to 2.
        least_overlap (float): Intersection over union of two boxes from which they may be one
            person's. Defaults to 0.3.
    """

    def __init__(self, patience: float = PATIENCE, least_overlap: float = 0.3) -> None:
        self.patience, self.least_overlap = patience, least_overlap
        self._seen: dict = {}  # number: (box, time), those in sight or just out of it
        self._time: float | None = None  # of the frame before
        self._next = 1

    def update(self, boxes: Sequence[Sequence[float]], time: float) -> list[int]:
        """Number the faces of the next frame.

        Args:
            boxes (Sequence): x1, y1, x2, y2 of each.
            time (float): The frame's time in seconds.

        Returns:
            list[int]: A number for each box, from 1 in the order of appearance.
        """
        self._seen = {
            number: (box, last)
            for number, (box, last) in self._seen.items()
            if last == self._time or time - last <= self.patience
        }
        in_sight = [number for number, (_, last) in self._seen.items() if last == self._time]
        lost = [number for number in self._seen if number not in in_sight]
        numbers: list = [None] * len(boxes)
        for known in (in_sight, lost):
            self._match(known, boxes, numbers)
        for index, box in enumerate(boxes):
            if numbers[index] is None:
                numbers[index] = self._next
                self._next += 1
            self._seen[numbers[index]] = (box, time)
        self._time = time
        return numbers

    def _match(self, known: list, boxes: Sequence, numbers: list) -> None:
        """Give the numbers of known persons to boxes without one."""
        free = [index for index, number in enumerate(numbers) if number is None]
        if not known or not free:
            return
        from scipy.optimize import linear_sum_assignment  # slow to import; photos need none

        shared = overlap(
            np.array([self._seen[number][0] for number in known], dtype=float),
            np.array([boxes[index] for index in free], dtype=float),
        )
        shared[shared < self.least_overlap] = 0  # they shall not keep others from matching
        for row, column in zip(*linear_sum_assignment(shared, maximize=True)):
            if shared[row, column] > 0:
                numbers[free[column]] = known[row]
