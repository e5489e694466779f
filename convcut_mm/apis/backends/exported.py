"""What the backends for exported files have in common."""

import importlib
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ...errors import ConvcutError
from ...utils.text import first_line
from .base import Backend
from .metadata import TOOL, ModelInfo, Port

ROUNDING = 1e-3  # probabilities in bfloat16 leave 0 to 1 by less


def require(package: str) -> ModuleType:
    """Import an optional package.

    Raises:
        ConvcutError: It is not installed; the message has the command.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ConvcutError(
            f'{package} cannot be imported ({error}); install it with '
            'pip install "convcut_mm[export]"'
        ) from None


class ExportedBackend(Backend):
    """Runs a file that ``tools/deployment/export.py`` wrote.

    Normalisation and softmax are inside the file.

    Args:
        path (str | Path): The file.
        info (ModelInfo): What it says of itself.
        inputs (Sequence[Port]): What its graph takes.
        outputs (Sequence[Port]): What its graph gives.

    Raises:
        ConvcutError: What it says of itself does not fit its graph.
    """

    def __init__(
        self, path: str | Path, info: ModelInfo, inputs: Sequence[Port], outputs: Sequence[Port]
    ) -> None:
        info.check_graph(inputs, outputs, path)
        self.path = Path(path)
        self.classes, self.size, self.grey, self.crop_ratio = info

    @abstractmethod
    def _probabilities(self, faces: np.ndarray) -> np.ndarray:
        """Probabilities (N, C) of at least one face."""

    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """Classify faces; see :class:`Backend`.

        Raises:
            ConvcutError: Faces of another size or type; a graph that fails, or that gives
                something else than probabilities.
        """
        expected = (self.size, self.size, 3)
        if faces.dtype != np.uint8 or faces.shape[1:] != expected:
            raise ConvcutError(
                f'{self.path}: takes uint8 faces (N, {self.size}, {self.size}, 3), got '
                f'{faces.dtype} {faces.shape}'
            )
        if not len(faces):
            return np.zeros((0, len(self.classes)), np.float32)
        try:
            probabilities = self._probabilities(np.ascontiguousarray(faces))
        except Exception as error:  # their errors have no base class in common
            raise ConvcutError(f'{self.path}: cannot be run ({first_line(error)[:300]})') from None
        self._check(probabilities, len(faces))
        return probabilities

    def _check(self, probabilities: np.ndarray, number: int) -> None:
        """Check that the graph gave probabilities, whatever it declares."""
        shape, classes = probabilities.shape, len(self.classes)
        if shape != (number, classes):
            problem = f'an array of shape {shape} for {number} faces and {classes} classes'
        elif (probabilities < -ROUNDING).any() or (probabilities > 1 + ROUNDING).any():
            least, most = probabilities.min(), probabilities.max()
            problem = f'numbers from {least:.3g} to {most:.3g}, which are no probabilities'
        else:
            return
        raise ConvcutError(f'{self.path}: gives {problem}; export the model again with {TOOL}')


def exported_file(path: Any, suffix: str) -> Path:
    """Check the path of an exported file.

    Args:
        path (str | Path): The file.
        suffix (str): What its name has to end in.

    Raises:
        ConvcutError: No such file, or one of another kind.
    """
    if not isinstance(path, (str, Path)) or Path(path).suffix.lower() != suffix:
        raise ConvcutError(f'{path}: expected a {suffix} file, written by {TOOL}')
    if not Path(path).is_file():
        raise ConvcutError(f'{path}: no such file')
    return Path(path)
