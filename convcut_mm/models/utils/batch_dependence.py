"""Find out whether the prediction for an image depends on the other images of its batch.

A module whose output for an image depends on other images of the batch in eval mode declares it by
the attribute ``batch_dependent = True`` of the class or the instance. Tools then test such a model
image by image, refuse to export it, and warn. ``tests/test_zoo.py`` runs every registered model
alone and in a batch and compares the results with the attribute.
"""

from torch import nn


def batch_dependent_parts(model: nn.Module) -> list[str]:
    """List the modules that depend on other images of the batch.

    Args:
        model (nn.Module): Any model.

    Returns:
        list[str]: Names and types, such as ``['head (SelfAttentionClsHead)']``; empty if each
        image is classified on its own.
    """
    return [
        f'{name} ({type(module).__name__})' if name else type(module).__name__
        for name, module in model.named_modules()
        if getattr(module, 'batch_dependent', False)
    ]


def is_batch_dependent(model: nn.Module) -> bool:
    """Tell whether any module of a model depends on other images of the batch."""
    return bool(batch_dependent_parts(model))
