"""Does what a model says of an image depend on the other images of its batch?

A module that looks at other images of the batch in eval mode says so by the attribute
``batch_dependent = True``, on the class or on the instance. Tools then test such a model image by
image, refuse to export it, and warn; ``tests/test_zoo.py`` runs every registered model alone and
in a batch and holds it to what it says.
"""

from torch import nn


def batch_dependent_parts(model: nn.Module) -> list[str]:
    """Names of the modules that look at other images of the batch.

    Args:
        model (nn.Module): Any model.

    Returns:
        list[str]: Such as ``['head (SelfAttentionClsHead)']``; empty where each image is judged
        by itself.
    """
    return [
        f'{name} ({type(module).__name__})' if name else type(module).__name__
        for name, module in model.named_modules()
        if getattr(module, 'batch_dependent', False)
    ]


def is_batch_dependent(model: nn.Module) -> bool:
    """Whether any part of a model looks at other images of the batch."""
    return bool(batch_dependent_parts(model))
