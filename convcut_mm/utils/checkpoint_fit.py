"""Compare the weights of a checkpoint with a model: names and shapes, to the last key."""

import re
from collections.abc import Mapping

import torch
from torch import nn

from ..errors import ConvcutError


def strip_wrapper(key: str) -> str:
    """Strip the prefix of distributed training from a key, as mmengine does when it loads."""
    return re.sub(r'^module\.', '', key)


def check_fits(
    checkpoint: dict,
    model: nn.Module,
    filename: str,
    problem: str = 'a checkpoint of another architecture than the config',
    ignore: tuple[str, ...] = (),
) -> dict[str, torch.Tensor]:
    """Check that a checkpoint's weights have the names and shapes of a model's.

    Args:
        checkpoint (dict): Content of a checkpoint file, or its weights alone.
        model (nn.Module): The model.
        filename (str): Name of the checkpoint in the error.
        problem (str): What is wrong if they differ. Defaults to another architecture.
        ignore (tuple[str]): Prefixes of keys that may differ. Defaults to ().

    Returns:
        dict[str, Tensor]: The weights, without the prefix of distributed training.

    Raises:
        ConvcutError: They differ; names the first such key.
    """
    weights = {
        strip_wrapper(key): value
        for key, value in checkpoint.get('state_dict', checkpoint).items()
    }
    difference = _difference(weights, model.state_dict(), ignore)
    if difference is not None:
        raise ConvcutError(f'{filename}: {problem}, {difference}')
    return weights


def _difference(
    weights: Mapping[str, torch.Tensor],
    expected: Mapping[str, torch.Tensor],
    ignore: tuple[str, ...],
) -> str | None:
    """Describe the first key in which weights differ from the expected ones."""
    for what, names in (
        ('lacks', set(expected) - set(weights)),
        ('has the unknown', set(weights) - set(expected)),
    ):
        keys = sorted(key for key in names if not key.startswith(ignore))
        if keys:
            more = f' and {len(keys) - 1} more' if len(keys) > 1 else ''
            return f'it {what} key "{keys[0]}"{more}'
    for key, tensor in expected.items():
        if not key.startswith(ignore) and weights[key].shape != tensor.shape:
            found, wanted = tuple(weights[key].shape), tuple(tensor.shape)
            return f'key "{key}" has shape {found}, expected {wanted}'
    return None


def load_whole(model: nn.Module, checkpoint: dict, filename: str, owner: str) -> dict:
    """Load weights that fit a model to the last key.

    Args:
        model (nn.Module): The model.
        checkpoint (dict): Content of a checkpoint file, or its weights alone.
        filename (str): Name of the checkpoint in the error.
        owner (str): Name of the model in the error, such as its config.

    Returns:
        dict: The checkpoint's ``meta``, empty if it has none.

    Raises:
        ConvcutError: The weights are of another architecture.
    """
    problem = f'a checkpoint of another architecture than {owner}'
    model.load_state_dict(check_fits(checkpoint, model, filename, problem))
    return checkpoint.get('meta') or {}
