"""Check numbers, names and devices from outside before anything is computed or written."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from ..errors import ConvcutError

if TYPE_CHECKING:
    import torch

LONGEST_NAME = 200  # characters of a class


def at_least(name: str, value: Any, least: int = 1) -> int:
    """Check that a value is a whole number of at least ``least``, and return it.

    Args:
        name (str): Name of the argument or option, for the message.
        value (Any): The value.
        least (int): The smallest valid number. Defaults to 1.

    Raises:
        ConvcutError: The value is smaller, or not a whole number.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < least:
        raise ConvcutError(f'{name}={value!r}: expected a whole number, {least} or more')
    return number


def compute_device(device: str | torch.device | None) -> torch.device:
    """Return a device and check that PyTorch can compute on it here.

    Args:
        device (str | torch.device, optional): Its name. Defaults to None: a GPU if there is one.

    Raises:
        ConvcutError: The name is unknown, or this machine has no such device.
    """
    import torch
    from mmengine.device import get_device

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
    except Exception:  # each type of device raises errors of its own
        raise ConvcutError(f'{wanted}: PyTorch cannot compute on it here; use "cpu"') from None
    return found


def classes_in(meta: Any, source: str) -> tuple[str, ...] | None:
    """Return the class names in the ``meta`` of a checkpoint, or None if it has none.

    Args:
        meta (dict): See :func:`~convcut_mm.utils.checkpoint_fit.load_whole`.
        source (str): Name of the checkpoint, for the message.

    Raises:
        ConvcutError: See :func:`checked_class_names`.
    """
    data = meta.get('dataset_meta') if isinstance(meta, dict) else None
    names = data.get('classes') if isinstance(data, dict) else None
    return None if names is None else checked_class_names(names, source)


def checked_class_names(names: Any, source: str) -> tuple[str, ...]:
    """Check that class names are different and can be printed in a line, and return them.

    Args:
        names (Any): Class names in a checkpoint or an exported file.
        source (str): Name of the file, for the message.

    Raises:
        ConvcutError: They are not a list of text; or a name is empty, repeated, too long, or has
            line breaks or other characters that cannot be printed.
    """
    if not isinstance(names, (list, tuple)) or not names:
        raise ConvcutError(f'{source}: its classes are {names!r:.40}, expected a list of names')
    for name in names:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            problem = 'is no name that can be printed'
        elif len(name) > LONGEST_NAME:
            problem = f'has {len(name)} characters, more than {LONGEST_NAME}'
        else:
            continue
        raise ConvcutError(f'{source}: class name {name!r:.40} {problem}')
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ConvcutError(f'{source}: two classes are called "{twice}"')
    return tuple(names)


def checked_names(classes: Any, number: int | None) -> tuple[str, ...]:
    """Class names that a user gives.

    Args:
        classes (Sequence[str]): The names.
        number (int, optional): Of the model's classes, None if that is not known.

    Raises:
        ConvcutError: Another number of names, or no names; see :func:`checked_class_names`.
    """
    # a string is a sequence of letters, and arrays and such are sequences of names
    names = checked_class_names(classes if isinstance(classes, str) else list(classes), 'classes')
    if number is not None and number != len(names):
        raise ConvcutError(f'{len(names)} class names for a model with {number} classes')
    return names
