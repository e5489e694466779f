"""What makes convolutional networks fast on a CPU, so that model files need not say it."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.utils import skip_init

# Base's widest maps of more images at 224 pixels exceed 32 MB, and such memory glibc gives back at
# once: the kernel then clears its pages anew in every block, up to a quarter of the time
CPU_SLICE = 4


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise convolution that trains in float32 under autocast on a CPU.

    Its gradient takes longer in bfloat16 there, as does that of the norm which follows.
    """

    same_in_both_modes = True  # the feature store may keep what it gives while training

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, C, H', W')."""
        if x.device.type != 'cpu' or not (self.training and torch.is_grad_enabled()):
            return super().forward(x)
        with torch.autocast('cpu', enabled=False):  # without autocast this changes nothing
            return super().forward(x.to(self.weight.dtype))


def train_depthwise_in_float32(model: nn.Module) -> None:
    """Replace the depthwise convolutions of a model by :class:`DepthwiseConv2d`, in place.

    The parameters stay the same objects, under the same names.
    """
    for module in list(model.modules()):
        for name, layer in list(module.named_children()):
            if type(layer) is nn.Conv2d and layer.groups > 1:
                # skip_init samples nothing: later layers get the same random weights
                twin = skip_init(
                    DepthwiseConv2d,
                    layer.in_channels,
                    layer.out_channels,
                    layer.kernel_size,
                    layer.stride,
                    layer.padding,
                    layer.dilation,
                    layer.groups,
                    layer.bias is not None,
                    layer.padding_mode,
                )
                twin.weight, twin.bias = layer.weight, layer.bias
                setattr(module, name, twin)


def compute_in_slices(compute: Callable, x: torch.Tensor, size: int = CPU_SLICE) -> torch.Tensor:
    """``compute(x)`` in slices of the batch, where that is faster: on a CPU.

    Args:
        compute (callable): Takes (n, ...) and gives (n, ...), each image by itself.
        x (Tensor): (N, ...).
        size (int): Images a slice. Defaults to ``CPU_SLICE``.

    Returns:
        Tensor: (N, ...).
    """
    if x.device.type != 'cpu' or len(x) <= size:
        return compute(x)
    return torch.cat([compute(part) for part in x.split(size)])
