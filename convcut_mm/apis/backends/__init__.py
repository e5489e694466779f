"""What classifies faces: PyTorch, ONNX Runtime or OpenVINO behind one interface."""

from ...errors import ConvcutError
from .base import Backend
from .onnxruntime_backend import OnnxRuntimeBackend
from .openvino_backend import OpenVinoBackend
from .torch_backend import TorchBackend

# onnxruntime and openvino are imported when one is opened
BACKENDS = dict(torch=TorchBackend, onnxruntime=OnnxRuntimeBackend, openvino=OpenVinoBackend)


def open_backend(name: str, *args, **kwargs) -> Backend:
    """Opens a backend.

    Args:
        name (str): 'torch', 'onnxruntime' or 'openvino'.
        *args: What that backend takes: an exported file, or a model with its classes and size.
        **kwargs: Likewise.

    Raises:
        ConvcutError: No such backend; see the backends for others.
    """
    if name not in BACKENDS:
        raise ConvcutError(f'unknown backend "{name}", expected one of {", ".join(BACKENDS)}')
    return BACKENDS[name](*args, **kwargs)


__all__ = [
    'BACKENDS',
    'Backend',
    'OnnxRuntimeBackend',
    'OpenVinoBackend',
    'TorchBackend',
    'open_backend',
]
