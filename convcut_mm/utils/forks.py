"""A model in forked processes, such as those of gunicorn --preload, Celery, multiprocessing."""

import os

import torch

from ..errors import ConvcutError

_owner: int | None = None  # the process that PyTorch's threads belong to


def claim_threads(device: torch.device) -> None:
    """Makes PyTorch compute in one thread in a fork of a process that has computed before.

    Its other threads stay in the parent, and a fork that waits for them waits for ever.

    Args:
        device (torch.device): Where the model is.

    Raises:
        ConvcutError: On a GPU, which a fork cannot use at all.
    """
    global _owner
    process = os.getpid()
    if _owner == process:
        return
    if _owner is not None:
        if device.type != 'cpu':
            raise ConvcutError(
                f'a model on "{device}" cannot be used in a fork of its process: make the '
                'inferencer in each worker, or start the workers by "spawn"'
            )
        torch.set_num_threads(1)
    _owner = process
