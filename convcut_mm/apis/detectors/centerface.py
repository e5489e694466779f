"""CenterFace (Xu et al., 2019): faces of any size, turned or not, with five landmarks."""

import numpy as np

from .base import Detector, Face
from .boxes import inside
from .centerface_network import MULTIPLE, Candidate, CenterFaceNetwork
from .patches import GREY, patch, patch_to_image, resized, roll

MOST_GROWTH = 4  # small images are enlarged so many times at most
CLOSE_SIDE, CLOSE_BORDER = 160, 48  # pixels of a look at faces that fill the image
FINER = 2  # times longest: a look for small faces
SMALL = 24  # pixels of a face's longer side in the first look; below, others may be missed
UNSURE = 0.15  # what the look at faces that fill the image asks for above least_score
PATCH = 192  # pixels of the second look at a face, which takes up 1 / WIDTH of it
WIDTH = 2.2
STEEP = 40.0  # degrees of roll from which the landmarks of the second look need a third
MOST_PATCHES = 16  # in one batch: memory
CENTRAL = 0.2  # part of the patch by which its face may be off its middle
SAME = 0.6  # part of a face's box inside another's from which they are one


# what FER2013's images show: where the landmarks lie in its images, mean of 494 of the held-out
# tenth of Train, both sides made equal (tools/benchmarks/crops.py)
FER2013 = np.array([[0.328, 0.388], [0.672, 0.388], [0.5, 0.582], [0.363, 0.732], [0.637, 0.732]])


class CenterFaceDetector(Detector):
    """Faces in two looks: at the whole image, then at each face, turned upright.

    Landmarks of faces that are rolled, or large, are vague in the first look. An image in which
    nothing is found, or small faces, gets another at twice the size, and one in which nothing is
    found one at faces that fill it.

    Args:
        longest (int): Pixels of the image's longer side in the first look; a face needs about 10
            of them. The time grows with the area. Defaults to 640.
        least_score (float): Faces with less are left out. Defaults to 0.5.
        thorough (bool): Take the further looks. Without them one pass takes constant time, as live
            video needs. Defaults to True.
        threads (int, optional): Cores. Defaults to OMP_NUM_THREADS, else all.

    Raises:
        ConvcutError: onnxruntime is not installed.
    """

    # fitted on the held-out tenth of Train of 0.1.0: from -0.08 to 0 faces that are found again
    # are classified as well as uncut, wider crops worse; tools/benchmarks/crops.py measures it
    margin = -0.05
    template = FER2013

    def __init__(
        self,
        longest: int = 640,
        least_score: float = 0.5,
        thorough: bool = True,
        threads: int | None = None,
    ) -> None:
        self._arguments = longest, least_score, thorough, threads
        self.longest, self.least_score, self.thorough = longest, least_score, thorough
        self._network = CenterFaceNetwork(threads)

    def __reduce__(self) -> tuple:
        return type(self), self._arguments

    def __call__(self, image: np.ndarray) -> list[Face]:
        """Find faces, surest first; see :class:`Detector`."""
        found = self._look(image, self.longest, 0, self.least_score)
        if not self.thorough:
            return found
        shrunk = max(image.shape[:2]) / self.longest
        if shrunk > 1 and (not found or min(map(_side, found)) < SMALL * shrunk):
            found += self._look(image, FINER * self.longest, 0, self.least_score)
        if not found:
            found = self._look(image, CLOSE_SIDE, CLOSE_BORDER, self.least_score + UNSURE)
        found = self._second_look(image, _without_doubles(found))
        found = self._second_look(image, found, STEEP)
        return _without_doubles(found)

    def _look(
        self, image: np.ndarray, longest: int, border: int, least_score: float
    ) -> list[Face]:
        height, width = image.shape[:2]
        scale = min(longest / max(height, width), MOST_GROWTH)
        small = resized(image, (max(1, round(width * scale)), max(1, round(height * scale))))
        rows, columns = small.shape[:2]
        sides = (-(-(side + 2 * border) // MULTIPLE) * MULTIPLE for side in (rows, columns))
        canvas = np.full((*sides, 3), GREY, np.uint8)
        canvas[border : border + rows, border : border + columns] = small
        back = np.array([width / columns, height / rows])
        (found,) = self._network(canvas[None], least_score)
        return [
            Face(
                tuple(((face.box - border) * np.tile(back, 2)).tolist()),
                face.score,
                (face.landmarks - border) * back,
            )
            for face in found
        ]

    def _second_look(
        self, image: np.ndarray, faces: list[Face], least_roll: float = 0.0
    ) -> list[Face]:
        """Faces as they are seen upright, each in the middle of a patch of its own."""
        looked = list(faces)
        steep = [i for i, face in enumerate(faces) if abs(_roll(face)) >= least_roll]
        for start in range(0, len(steep), MOST_PATCHES):
            chosen = steep[start : start + MOST_PATCHES]
            patches, matrices = zip(*(_patch(image, faces[index]) for index in chosen))
            for index, matrix, seen in zip(
                chosen, matrices, self._network(np.stack(patches), self.least_score / 2)
            ):
                if (best := _central(seen)) is not None:
                    looked[index] = _in_image(best, matrix, faces[index].score)
        return looked


def _side(face: Face) -> float:
    x1, y1, x2, y2 = face.box
    return max(x2 - x1, y2 - y1)


def _roll(face: Face) -> float:
    assert face.landmarks is not None
    return roll(face.landmarks)


def _patch(image: np.ndarray, face: Face) -> tuple[np.ndarray, np.ndarray]:
    x1, y1, x2, y2 = face.box
    return patch(image, ((x1 + x2) / 2, (y1 + y2) / 2), WIDTH * _side(face), _roll(face), PATCH)


def _central(found: list[Candidate]) -> Candidate | None:
    """The surest face in the middle of a patch."""
    for face in found:
        middle = (face.box[:2] + face.box[2:]) / 2
        if abs(middle - PATCH / 2).max() <= CENTRAL * PATCH:
            return face
    return None


def _in_image(face: Candidate, matrix: np.ndarray, score: float | None) -> Face:
    """A patch's face in the image; its box keeps its sides, for a turned box would grow.

    The score stays the first look's, which knows the surroundings.
    """
    middle = patch_to_image((face.box[:2] + face.box[2:])[None] / 2, matrix)[0]
    half = (face.box[2:] - face.box[:2]) / 2 / np.hypot(*matrix[0, :2])
    box = tuple(np.concatenate([middle - half, middle + half]).tolist())
    return Face(box, score, patch_to_image(face.landmarks, matrix))


def _without_doubles(faces: list[Face]) -> list[Face]:
    """Surest first, without those that lie in a surer one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -(face.score or 0.0)):
        others = np.array([other.box for other in kept]).reshape(-1, 4)
        if not (inside(np.array([face.box]), others) >= SAME).any():
            kept.append(face)
    return kept
