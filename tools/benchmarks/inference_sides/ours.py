"""Our sides: PyTorch in float32 and bfloat16, and the exported files."""

import shutil
import time
from pathlib import Path

import numpy as np
import torch

from convcut_mm.apis.backends import Backend, OnnxRuntimeBackend, OpenVinoBackend, TorchBackend
from convcut_mm.apis.load_classifier import load_classifier
from convcut_mm.deployment import FORMATS, export
from convcut_mm.deployment.int8 import OPERATORS, quantise

EAGER = 'torch float32'  # what everything is compared with
# matrix products only, which is what export.py --int8 does, and convolutions too
INT8 = {'int8': OPERATORS, 'int8, convolutions too': [*OPERATORS, 'Conv']}


class OurSide:
    """A backend and the faces that it is timed on.

    Args:
        name (str): Its name in the table.
        backend (Backend): The backend.
        faces (ndarray): (N, size, size, 3) uint8, red, green, blue.
    """

    def __init__(self, name: str, backend: Backend, faces: np.ndarray) -> None:
        self.name, self.backend, self.faces = name, backend, faces

    def seconds(self, batch: int, calls: int) -> list[float]:
        """Return the seconds of each call, from uint8 faces to probabilities."""
        found = []
        for call in range(calls):
            start = call * batch % (len(self.faces) - batch + 1)
            part = self.faces[start : start + batch]
            begun = time.perf_counter()
            self.backend(part)
            found.append(time.perf_counter() - begun)
        return found

    def expressions(self, batch: int = 64) -> list[str]:
        """Return the predicted expression of each face."""
        parts = [self.backend(self.faces[i : i + batch]) for i in range(0, len(self.faces), batch)]
        return [self.backend.classes[label] for label in np.concatenate(parts).argmax(1)]

    def close(self) -> None:
        """Do nothing: there is no process to end."""


class Autocast(Backend):
    """PyTorch with matrix products and convolutions in bfloat16."""

    def __init__(self, inner: TorchBackend) -> None:
        self.inner, self.classes, self.size = inner, inner.classes, inner.size

    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """See :class:`Backend`."""
        with torch.autocast('cpu', torch.bfloat16):
            return self.inner(faces)


def open_model(config: str, checkpoint: str | None) -> TorchBackend:
    """Open a model of the zoo on the CPU; random weights without a checkpoint."""
    return TorchBackend(load_classifier(config, checkpoint, device='cpu'))


def our_sides(
    model: TorchBackend,
    faces: np.ndarray,
    folder: Path,
    threads: int,
    calibration: np.ndarray | None = None,
) -> list[OurSide]:
    """Export a model and return all of its sides.

    Args:
        model (TorchBackend): The model.
        faces (ndarray): (N, size, size, 3) uint8.
        folder (Path): Folder for the exported files.
        threads (int): Number of cores for each side.
        calibration (ndarray, optional): Faces that calibrate the ranges of 8-bit integers.
            Defaults to None: no side in 8 bits.
    """
    files = {
        name: export(model, folder / f'model{format.suffix}', name).files[0]
        for name, format in FORMATS.items()
    }
    backends = {
        EAGER: model,
        'torch bfloat16': Autocast(model),
        'onnxruntime float32': OnnxRuntimeBackend(files['onnx'], threads),
        'openvino float32': OpenVinoBackend(files['openvino'], threads),
        'openvino bfloat16': OpenVinoBackend(files['openvino'], threads, 'bfloat16'),
    }
    if calibration is not None:
        for name, operators in INT8.items():
            file = folder / f'model_{len(backends)}.onnx'
            shutil.copy(files['onnx'], file)
            quantise(file, calibration, operators)
            print(f'{name}: {file.stat().st_size / 1e6:.1f} MB')
            backends[f'onnxruntime {name}'] = OnnxRuntimeBackend(file, threads)
    return [OurSide(name, backend, faces) for name, backend in backends.items()]
