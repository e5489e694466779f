"""Photographs and videos that lie on their side or head: found, and remembered."""

from collections.abc import Callable, Sequence

import numpy as np

from .base import Face
from .patches import roll

POOR = 0.6  # an image whose surest face has less may lie on its side
SURE = 0.65  # what a face in a turned image needs: three more looks may be wrong three times
STEEP = 60.0  # degrees of roll from which a face says that the image is turned
TURNS = 90, 270, 180  # degrees clockwise; cameras are seldom held upside down
PAUSE = 10  # frames without a face after which the other turns are tried again

Find = Callable[[np.ndarray], Sequence[Face]]


class UprightSearch:
    """Finds faces also where all of an image is turned by 90, 180 or 270 degrees.

    The other turns are tried where no face is found, or only poor ones, which costs three more
    passes; one is tried where most faces found lie on their side. Make one search for each video:
    it starts with the turn that worked last, and after a search in vain waits for ten frames.

    Args:
        find (callable): ``find(image)`` gives the faces of an image (H, W, 3).
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._turn = 0
        self._pause = 0

    def __call__(self, image: np.ndarray) -> list[Face]:
        """Faces in the image's own pixels; their ``turn`` says how it stands right."""
        found = self._in_turned(image, self._turn)
        wanted = self._turns_to_try(found)
        if not wanted:
            return found
        best, turn = found, self._turn
        for other in wanted:
            seen = [face for face in self._in_turned(image, other) if _score(face) >= SURE]
            if _quality(seen, other) > _quality(best, turn):
                best, turn = seen, other
        self._pause = 0 if best else PAUSE
        self._turn = turn
        return best

    def _turns_to_try(self, found: list[Face]) -> list[int]:
        if found:
            steep = [face for face in found if abs(_roll_in(face, self._turn)) >= STEEP]
            if len(steep) > len(found) / 2:
                rolls = [_roll_in(face, self._turn) for face in steep]
                # turned back by what most faces are turned
                turn = round(-float(np.median(rolls)) / 90) * 90
                return [(self._turn + turn) % 360]
            if max(map(_score, found)) >= POOR:
                self._pause = 0
                return []
        elif self._pause:
            self._pause -= 1
            return []
        return [turn for turn in (0, *TURNS) if turn != self._turn]

    def _in_turned(self, image: np.ndarray, turn: int) -> list[Face]:
        if not turn:
            return list(self._find(image))
        turned = np.ascontiguousarray(np.rot90(image, -turn // 90))
        return [_back(face, turn, image.shape[:2]) for face in self._find(turned)]


def _score(face: Face) -> float:
    return 1.0 if face.score is None else face.score


def _roll_in(face: Face, turn: int) -> float:
    """Degrees by which a face is turned once the image is turned."""
    if face.landmarks is None:
        return 0.0
    return (roll(face.landmarks) + turn + 180) % 360 - 180


def _quality(faces: Sequence[Face], turn: int) -> float:
    """How much speaks for a turn: sure faces that stand upright in it."""
    upright = (_score(face) * (abs(_roll_in(face, turn)) < STEEP) for face in faces)
    return sum(upright) + 0.01 * len(faces)


def _back(face: Face, turn: int, shape: tuple[int, int]) -> Face:
    """A face of the turned image in the image itself."""
    x1, y1, x2, y2 = face.box
    corners = _points_back(np.array([[x1, y1], [x2, y2]]), turn, shape)
    low, high = corners.min(axis=0), corners.max(axis=0)
    landmarks = None if face.landmarks is None else _points_back(face.landmarks, turn, shape)
    return Face((*low.tolist(), *high.tolist()), face.score, landmarks, turn)


def _points_back(points: np.ndarray, turn: int, shape: tuple[int, int]) -> np.ndarray:
    height, width = shape
    x, y = points.T
    if turn == 90:
        return np.stack([y, height - x], axis=1)
    if turn == 180:
        return np.stack([width - x, height - y], axis=1)
    return np.stack([width - y, x], axis=1)
