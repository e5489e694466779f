"""Learnt numbers of a model that are worth following over the epochs of a training.

A module declares them by a method ``readings()`` that returns ``{name: number}``.
"""

from torch import nn


def readings(model: nn.Module) -> dict[str, float]:
    """Return the readings of all modules of a model, by name."""
    found: dict[str, float] = {}
    for module in model.modules():
        own = getattr(module, 'readings', None)
        if callable(own):
            found.update(own())
    return found
