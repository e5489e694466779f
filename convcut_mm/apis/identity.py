"""A hash of what a backend's results depend on."""

import hashlib
import json
from typing import Any

from ..utils.hashing import file_sha256
from .backends import Backend


def model_identity(backend: Backend, config: object = None) -> str:
    """A hash that differs for other weights, another architecture, other classes.

    Args:
        backend (Backend): What classifies.
        config (object, optional): The model's part of its config. Defaults to None.

    Returns:
        str: Hexadecimal digits.
    """
    view = [list(backend.classes), backend.size, backend.grey, backend.crop_ratio]
    digest = hashlib.sha256(json.dumps([type(backend).__name__, view, str(config)]).encode())
    model: Any = getattr(backend, 'model', None)  # a network of PyTorch's
    if model is not None:
        import torch

        for name, tensor in sorted(model.state_dict().items()):
            digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'.encode())
            # as bytes, since NumPy has no bfloat16
            data = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
            digest.update(data.numpy().data)
    elif (path := getattr(backend, 'path', None)) is not None:
        for file in (path, path.with_suffix('.bin')):  # OpenVINO's weights lie beside its .xml
            digest.update(file_sha256(file).encode() if file.is_file() else b'')
    return digest.hexdigest()
