"""What classifies faces: PyTorch, ONNX Runtime or OpenVINO behind one interface."""

from collections.abc import Callable
from importlib import import_module

from ...errors import ConvcutError
from .base import Backend

# by name: module and class, imported when it is used, so that none needs another's packages
BACKENDS = {
    'torch': ('torch_backend', 'TorchBackend'),
    'onnxruntime': ('onnxruntime_backend', 'OnnxRuntimeBackend'),
    'openvino': ('openvino_backend', 'OpenVinoBackend'),
}


def backend_class(name: str) -> Callable[..., Backend]:
    """The class behind a backend's name.

    Args:
        name (str): 'torch', 'onnxruntime' or 'openvino'.

    Raises:
        ConvcutError: No such backend.
    """
    if name not in BACKENDS:
        raise ConvcutError(f'unknown backend "{name}", expected one of {", ".join(BACKENDS)}')
    return __getattr__(BACKENDS[name][1])


def __getattr__(name: str):
    """Import the class of a backend at its first use."""
    for module, kind in BACKENDS.values():
        if name == kind:
            return getattr(import_module(f'.{module}', __name__), kind)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


__all__ = [
    'BACKENDS',
    'Backend',
    'OnnxRuntimeBackend',
    'OpenVinoBackend',
    'TorchBackend',
    'backend_class',
]
