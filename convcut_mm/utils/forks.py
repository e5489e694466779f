"""Use a model in forked processes: gunicorn --preload, Celery, multiprocessing."""

import os

import torch

from ..errors import ConvcutError

_owner: int | None = None  # process that owns PyTorch's threads


def claim_threads(device: torch.device) -> None:
    """Limit PyTorch to one thread in a fork of a process that has computed before.

    PyTorch's other threads exist in the parent only; a fork that waits for them hangs.

    Args:
        device (torch.device): Device of the model.

    Raises:
        ConvcutError: The device is a GPU, which a fork cannot use.
    """
    global _owner
    process = os.getpid()
    if _owner == process:
        return
    if _owner is not None:
        if device.type != 'cpu':
            raise ConvcutError(
                f'a model on "{device}" cannot be used in a fork of its process; create the '
                'inferencer in each worker, or start the workers with "spawn"'
            )
        torch.set_num_threads(1)
    _owner = process
