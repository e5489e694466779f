"""Make convolutional networks fast on a CPU, outside the files of the models."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.utils import skip_init

# ConvNeXt-Base's widest maps of more images of 224 pixels exceed 32 MB. glibc returns such memory
# at once, and the kernel clears its pages again in every block, up to a quarter of the time.
CPU_SLICE = 4


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise convolution that trains in float32 under autocast on a CPU.

    On a CPU its gradient and that of the norm after it take longer in bfloat16.
    """

    same_in_both_modes = True  # lets the feature store keep its output while training

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve, (N, C, H, W) to (N, C, H', W')."""
        if x.device.type != 'cpu' or not (self.training and torch.is_grad_enabled()):
            return super().forward(x)
        with torch.autocast('cpu', enabled=False):  # no effect outside autocast
            return super().forward(x.to(self.weight.dtype))


def train_depthwise_in_float32(model: nn.Module) -> None:
    """Replace the depthwise convolutions of a model by :class:`DepthwiseConv2d`, in place.

    The parameters stay the same objects, under the same names.
    """
    for module in list(model.modules()):
        for name, layer in list(module.named_children()):
            if type(layer) is nn.Conv2d and layer.groups > 1:
                # skip_init samples no random numbers, so later layers get the same weights
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


def compute_in_slices(
    compute: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, size: int = CPU_SLICE
) -> torch.Tensor:
    """Compute in slices of the batch on a CPU, where that is faster; elsewhere at once.

    Args:
        compute (Callable): Function of (n, ...) to (n, ...) that treats each image on its own.
        x (Tensor): (N, ...).
        size (int): Images in a slice. Defaults to ``CPU_SLICE``.

    Returns:
        Tensor: (N, ...).
    """
    if x.device.type != 'cpu' or len(x) <= size:
        return compute(x)
    return torch.cat([compute(part) for part in x.split(size)])


def compute_map(
    compute: Callable[[torch.Tensor], torch.Tensor],
    x: torch.Tensor,
    channels_last: bool,
    in_slices: bool,
) -> torch.Tensor:
    """Compute the map of a backbone in the memory order and the portions that suit a CPU.

    An exported graph is left as it is: its batch size is free, and its runtime chooses the order.

    Args:
        compute (Callable): Function of (n, ...) to (n, ...) that treats each image on its own.
        x (Tensor): (N, C, H, W).
        channels_last (bool): Use channels-last memory order on the CPU.
        in_slices (bool): Compute by :func:`compute_in_slices`.

    Returns:
        Tensor: (N, ...).
    """
    if torch.onnx.is_in_onnx_export():
        return compute(x)
    if channels_last and x.device.type == 'cpu':
        x = x.contiguous(memory_format=torch.channels_last)
    return compute_in_slices(compute, x) if in_slices else compute(x)
