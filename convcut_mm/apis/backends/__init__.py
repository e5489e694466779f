"""What classifies faces: PyTorch, ONNX Runtime or OpenVINO behind one interface."""

from ...errors import ConvcutError
from .base import Backend
from .onnxruntime_backend import OnnxRuntimeBackend
from .openvino_backend import OpenVinoBackend
from .torch_backend import TorchBackend

# onnxruntime and openvino are imported when one is opened
BACKENDS = dict(torch=TorchBackend, onnxruntime=OnnxRuntimeBackend, openvino=OpenVinoBackend)


def backend_class(name: str) -> type:
    """The class behind a backend's name.

    Args:
        name (str): 'torch', 'onnxruntime' or 'openvino'.

    Raises:
        ConvcutError: No such backend.
    """
    if name not in BACKENDS:
        raise ConvcutError(f'unknown backend "{name}", expected one of {", ".join(BACKENDS)}')
    return BACKENDS[name]


def open_backend(name: str, *args, **kwargs) -> Backend:
    """Opens a backend.

    Args:
        name (str): 'torch', 'onnxruntime' or 'openvino'.
        *args: What that backend takes: an exported file, or a model with its classes and size.
        **kwargs: Likewise.

    Raises:
        ConvcutError: No such backend; see the backends for others.
    """
    return backend_class(name)(*args, **kwargs)


__all__ = [
    'BACKENDS',
    'Backend',
    'OnnxRuntimeBackend',
    'OpenVinoBackend',
    'TorchBackend',
    'backend_class',
    'open_backend',
]
