"""Settings of modules and transforms as plain data, equal in every process."""

import functools
import hashlib
import types
from enum import Enum
from typing import Any

import numpy as np
import torch
from torch import nn

# settings that change no feature: origin of the weights, what learns, what is kept for gradients
_ABOUT_TRAINING = {
    *('init_cfg', '_is_init', '_params_init_info'),
    *('frozen_stages', 'norm_eval', 'with_cp'),
}
_NO_SETTINGS = {*vars(nn.Module()), *_ABOUT_TRAINING}
_DEEPEST = 4  # levels of objects in objects; deeper ones count by their type
_SHOWN = 64  # numbers of a tensor that are written out; larger tensors are hashed


def type_name(thing: Any) -> str:
    """Return module and name of a thing's class."""
    return f'{type(thing).__module__}.{type(thing).__qualname__}'


def settings_of(module: nn.Module) -> dict:
    """Return the plain attributes of a module, its children's left out."""
    return {
        key: plain(value) for key, value in sorted(vars(module).items()) if key not in _NO_SETTINGS
    }


def plain(value: Any) -> Any:
    """Turn a value into what JSON can hold.

    Functions become their names and what they enclose, other objects their type and attributes,
    so that no memory address gets into the result.
    """
    return _plain(value, ())


def _plain(value: Any, above: tuple) -> Any:
    if value is None or isinstance(value, (str, int, float, bool)) and not isinstance(value, Enum):
        return value
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return _numbers(value)
    if any(value is one for one in above):
        return 'above'
    inside = functools.partial(_plain, above=(*above, value))
    if isinstance(value, (list, tuple)):
        return [inside(item) for item in value]
    if isinstance(value, dict):
        items = ((str(inside(key)), inside(item)) for key, item in value.items())
        return dict(sorted(items, key=lambda item: item[0]))
    if isinstance(value, (set, frozenset)):
        return sorted((inside(item) for item in value), key=str)
    if isinstance(value, Enum):
        return f'{type_name(value)}.{value.name}'
    if isinstance(value, functools.partial):
        return inside([value.func, value.args, value.keywords])
    if isinstance(value, types.MethodType):
        return inside([value.__func__, type_name(value.__self__)])
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        enclosed = [cell.cell_contents for cell in getattr(value, '__closure__', None) or ()]
        name = f'{value.__module__}.{value.__qualname__}'
        return [name, *inside(enclosed)] if enclosed else name
    if isinstance(value, nn.Module):  # in a list, so it is no child of its parent
        parts = {name: settings_of(part) for name, part in value.named_modules()}
        return dict(type=type_name(value), parts=parts, weights=weights_sha256(value))
    if isinstance(value, (torch.dtype, torch.device, bytes, complex, slice, range)):
        return str(value)
    attributes = getattr(value, '__dict__', None)
    if not isinstance(attributes, dict) or len(above) >= _DEEPEST:
        return type_name(value)
    return dict(type=type_name(value), attributes=inside(attributes))


def _numbers(value: Any) -> Any:
    array = value.detach().cpu() if isinstance(value, torch.Tensor) else np.asarray(value)
    if array.reshape(-1).shape[0] <= _SHOWN:
        return array.tolist() if array.ndim < 2 else array.reshape(-1).tolist()
    digest = hashlib.sha256()
    _add(digest, '', torch.as_tensor(array))
    return digest.hexdigest()


def weights_sha256(module: nn.Module) -> str:
    """Hash all parameters and buffers, non-persistent ones too."""
    digest = hashlib.sha256()
    named = {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }
    for name, tensor in sorted(named.items()):
        _add(digest, name, tensor)
    return digest.hexdigest()


def _add(digest, name: str, tensor: torch.Tensor) -> None:
    digest.update(f'{name} {tuple(tensor.shape)} {tensor.dtype}'.encode())
    digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
