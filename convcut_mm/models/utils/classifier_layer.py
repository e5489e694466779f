"""Find the layer with one row per class, which fine-tuning on other classes replaces."""

from typing import Any

from torch import nn

from ...errors import ConvcutError


def classifier_layer(model: nn.Module) -> str:
    """Return the name of the layer that computes the logits.

    A head may name it by an attribute ``classifier_layer``, relative to the head. Otherwise it is
    the head's last linear or convolutional layer with one output for each class.

    Args:
        model (nn.Module): mmpretrain's ``ImageClassifier`` or similar.

    Returns:
        str: Name in the model, such as 'head.fc'.

    Raises:
        ConvcutError: The head has no such layer, or not the one that it names.
    """
    head: Any = model.head
    name = getattr(head, 'classifier_layer', None)
    if name is not None:
        if name not in dict(head.named_modules()):
            raise ConvcutError(
                f'{type(head).__name__}.classifier_layer is "{name}", but it has no such layer'
            )
        return f'head.{name}'
    classes = getattr(head, 'num_classes', None)
    fitting = [
        name
        for name, layer in head.named_modules()
        if classes in (getattr(layer, 'out_features', None), getattr(layer, 'out_channels', None))
        and isinstance(layer, (nn.Linear, nn.Conv2d))
    ]
    if classes is None or not fitting:
        raise ConvcutError(
            f'{type(head).__name__}: no layer with one output for each class was found; name it '
            'by an attribute classifier_layer of the head'
        )
    return f'head.{fitting[-1]}'
