"""What classifies faces: PyTorch, ONNX Runtime or OpenVINO behind one interface."""

from collections.abc import Callable

from ...errors import ConvcutError
from .base import Backend
from .onnxruntime_backend import OnnxRuntimeBackend
from .openvino_backend import OpenVinoBackend
from .torch_backend import TorchBackend

# onnxruntime and openvino are imported when one is opened
BACKENDS: dict[str, type[Backend]] = dict(
    torch=TorchBackend, onnxruntime=OnnxRuntimeBackend, openvino=OpenVinoBackend
)


def backend_class(name: str) -> Callable[..., Backend]:
    """The class behind a backend's name.

    Args:
        name (str): 'torch', 'onnxruntime' or 'openvino'.

    Raises:
        ConvcutError: No such backend.
    """
    if name not in BACKENDS:
        raise ConvcutError(f'unknown backend "{name}", expected one of {", ".join(BACKENDS)}')
    return BACKENDS[name]


__all__ = [
    'BACKENDS',
    'Backend',
    'OnnxRuntimeBackend',
    'OpenVinoBackend',
    'TorchBackend',
    'backend_class',
]
