"""Numbers and devices that users give, checked before anything is computed or written."""

import operator
from typing import Any

import torch
from mmengine.device import get_device

from ..errors import ConvcutError


def at_least(name: str, value: Any, least: int = 1) -> int:
    """A whole number that is large enough.

    Args:
        name (str): The argument or option, for the message.
        value: What was given.
        least (int): The smallest number that makes sense. Defaults to 1.

    Raises:
        ConvcutError: Another number, or no whole one.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < least:
        raise ConvcutError(f'{name}={value!r}: expected a whole number, {least} or more')
    return number


def compute_device(device: str | torch.device | None) -> torch.device:
    """A device on which PyTorch can compute here.

    Args:
        device (str | torch.device, optional): Its name. Defaults to None: a GPU if there is one.

    Raises:
        ConvcutError: No such kind of device, or none of this kind or number on this machine.
    """
    if device is None:
        return torch.device(get_device())
    wanted = f'device "{device}"'
    if not isinstance(device, (str, torch.device)):
        raise ConvcutError(f'{wanted}: expected a name such as "cpu", "cuda" or "cuda:1"')
    try:
        found = torch.device(device)
    except RuntimeError:
        raise ConvcutError(f'{wanted}: unknown; expected "cpu", "cuda" or "cuda:1"') from None
    if found.type == 'cuda':
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count:
            raise ConvcutError(f'{wanted}: PyTorch finds no GPU here; use "cpu"')
        if (found.index or 0) >= count:
            raise ConvcutError(
                f'{wanted}: there is no such GPU, the last one here is "cuda:{count - 1}"'
            )
        return found
    try:
        torch.zeros(1, device=found).cpu()
    except Exception:  # each kind of device fails in its own way
        raise ConvcutError(f'{wanted}: PyTorch cannot compute on it here; use "cpu"') from None
    return found
