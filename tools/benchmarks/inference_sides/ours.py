"""Our sides: PyTorch in several ways, and the exported files."""

import copy
import time
from pathlib import Path
from typing import Optional

import numpy as np
import torch

from convcut_mm.apis import ExpressionInferencer
from convcut_mm.apis.backends import Backend, OnnxRuntimeBackend, OpenVinoBackend, TorchBackend
from convcut_mm.deployment import FORMATS, export

EAGER = 'torch float32'  # what everything is compared with


class OurSide:
    """A backend that is timed on faces of its size.

    Args:
        name (str): What the table calls it.
        backend (Backend): The backend.
        faces (ndarray): (N, size, size, 3) uint8, red, green, blue.
    """

    def __init__(self, name: str, backend: Backend, faces: np.ndarray) -> None:
        self.name, self.backend, self.faces = name, backend, faces

    def seconds(self, batch: int, calls: int) -> list:
        """Seconds of each of some calls, from uint8 faces to probabilities."""
        found = []
        for call in range(calls):
            start = call * batch % (len(self.faces) - batch + 1)
            part = self.faces[start : start + batch]
            begun = time.perf_counter()
            self.backend(part)
            found.append(time.perf_counter() - begun)
        return found

    def expressions(self, batch: int = 64) -> list:
        """What it answers for each face."""
        parts = [self.backend(self.faces[i : i + batch]) for i in range(0, len(self.faces), batch)]
        return [self.backend.classes[label] for label in np.concatenate(parts).argmax(1)]

    def close(self) -> None:
        """Nothing to end."""


class Autocast(Backend):
    """PyTorch with its products and convolutions in bfloat16."""

    def __init__(self, inner: TorchBackend) -> None:
        self.inner, self.classes, self.size = inner, inner.classes, inner.size

    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """See :class:`Backend`."""
        with torch.autocast('cpu', torch.bfloat16):
            return self.inner(faces)


def open_model(config: str, checkpoint: Optional[str]) -> TorchBackend:
    """A model of the zoo on the CPU; random weights without a checkpoint."""
    return ExpressionInferencer(config, checkpoint or False, device='cpu', detector='none').backend


def our_sides(
    model: TorchBackend, faces: np.ndarray, folder: Path, threads: int, compiled: bool
) -> list:
    """Exports a model and gives all of its sides.

    Args:
        model (TorchBackend): The model.
        faces (ndarray): (N, size, size, 3) uint8.
        folder (Path): Where the exported files go.
        threads (int): Cores that each may use.
        compiled (bool): Also torch.compile, which takes minutes to prepare.
    """
    files = {
        name: export(model, folder / f'model{format.suffix}', name).files[0]
        for name, format in FORMATS.items()
    }
    backends = {
        EAGER: model,
        'torch float32, channels first': _channels_first(model),
        'torch bfloat16': Autocast(model),
        'onnxruntime float32': OnnxRuntimeBackend(files['onnx'], threads),
        'openvino float32': OpenVinoBackend(files['openvino'], threads),
        'openvino bfloat16': OpenVinoBackend(files['openvino'], threads, 'bfloat16'),
    }
    if compiled:
        network = torch.compile(model.model, dynamic=False)
        backends['torch float32, compiled'] = TorchBackend(network, model.classes, model.size)
    return [OurSide(name, backend, faces) for name, backend in backends.items()]


def _channels_first(model: TorchBackend) -> TorchBackend:
    network = copy.deepcopy(model.model)
    network.backbone.channels_last = False
    return TorchBackend(network, model.classes, model.size)
