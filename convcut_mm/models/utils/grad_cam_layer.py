"""Find the layer for Grad-CAM, if the user names none."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ...errors import ConvcutError


@torch.no_grad()
def grad_cam_layer(model: nn.Module, inputs: torch.Tensor) -> str:
    """Return the name of the layer whose map Grad-CAM weights.

    The neck or else the backbone may name it by an attribute ``grad_cam_layer``, relative to
    itself. Otherwise it is the backbone's last layer that outputs a map.

    Args:
        model (nn.Module): mmpretrain's ``ImageClassifier`` or similar, in eval mode.
        inputs (Tensor): Normalised images, (N, 3, H, W).

    Returns:
        str: Name in the model, such as 'neck.norm' or 'backbone.stages.2.5'.

    Raises:
        ConvcutError: No layer of the backbone outputs a map.
    """
    for part in ('neck', 'backbone'):
        name = getattr(getattr(model, part, None), 'grad_cam_layer', None)
        if name is not None:
            return f'{part}.{name}'
    backbone: Any = model.backbone
    seen: list[str] = []  # layers that output a map, in the order of their calls

    def note(name: str) -> Callable[[nn.Module, tuple, object], None]:
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
            f'a {type(backbone).__name__} has no layer that outputs a map (N, C, H, W); name one '
            'with --target-layer'
        )
    return seen[-1]
