"""The layer whose map Grad-CAM explains, where the user names none."""

from typing import Any

import torch
from torch import nn

from ...errors import ConvcutError


@torch.no_grad()
def grad_cam_layer(model: nn.Module, inputs: torch.Tensor) -> str:
    """Name of the layer that stands for what the backbone has seen.

    A neck or backbone says it by the attribute ``grad_cam_layer``, a name below itself; the neck
    is asked first. Of any other backbone it is the last layer that gives a map.

    Args:
        model (nn.Module): mmpretrain's ``ImageClassifier`` or alike, in eval mode.
        inputs (Tensor): Normalised images, (N, 3, H, W).

    Returns:
        str: Such as 'neck.norm' or 'backbone.stages.2.5'.

    Raises:
        ConvcutError: The backbone has no layer that gives a map.
    """
    for part in ('neck', 'backbone'):
        name = getattr(getattr(model, part, None), 'grad_cam_layer', None)
        if name is not None:
            return f'{part}.{name}'
    backbone: Any = model.backbone
    seen: list[str] = []

    def note(name: str):
        def hook(module: nn.Module, args: tuple, output: object) -> None:
            if isinstance(output, torch.Tensor) and output.ndim == 4 and output[0, 0].numel() > 1:
                seen.append(name)

        return hook

    handles = [
        module.register_forward_hook(note(f'backbone.{name}'))
        for name, module in backbone.named_modules()
        if name
    ]
    try:
        backbone(inputs)
    finally:
        for handle in handles:
            handle.remove()
    if not seen:
        raise ConvcutError(
            f'a {type(backbone).__name__} has no layer that gives a map (N, C, H, W); name '
            'one with --target-layer'
        )
    return seen[-1]
