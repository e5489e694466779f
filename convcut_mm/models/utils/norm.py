"""Keep the memory order of maps: apply norms without copies of channels-last maps."""

import torch
from mmpretrain.models.utils import LayerNorm2d
from torch import nn


def norm_in_place_order(norm: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Compute ``norm(x)`` in the memory order of ``x``.

    mmpretrain's ``LN2d`` copies its result to channels-first order, in which the following layers
    are slower on a CPU, and copy again.

    Args:
        norm (nn.Module): Any norm for maps.
        x (Tensor): (N, C, H, W).

    Returns:
        Tensor: (N, C, H, W).
    """
    if isinstance(norm, LayerNorm2d) and x.is_contiguous(memory_format=torch.channels_last):
        return norm(x.permute(0, 2, 3, 1), data_format='channel_last').permute(0, 3, 1, 2)
    return norm(x)
