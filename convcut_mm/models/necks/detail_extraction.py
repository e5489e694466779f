"""Extract details: the block between backbone and head (paper, section 3, Algorithm 1)."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from mmpretrain.models.utils import build_norm_layer
from mmpretrain.registry import MODELS
from torch import nn
from torch.nn import functional as F

from ...errors import ConvcutError
from ..utils.norm import norm_in_place_order

PADDINGS = ('same', 'valid')
NORM_POSITIONS = ('before', 'after')


class DepthwiseSeparableConv(BaseModule):
    """Depthwise convolution without bias, 1x1 convolution with bias, ReLU.

    This is Keras' ``SeparableConv2D``. mmcv's ``DepthwiseSeparableConvModule`` has no asymmetric
    'same' padding, and a norm and an activation between the two.

    Args:
        in_channels (int): Channels of the input map.
        out_channels (int): Channels of the output map.
        kernel_size (int): Side of the kernel.
        stride (int): Stride.
        padding (str): TensorFlow's 'same' (output side ``ceil(H / stride)``; if the padding is
            odd, the extra row and column are at the bottom and right) or 'valid' (none).
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int, padding: str
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.depthwise = nn.Conv2d(
            in_channels, in_channels, kernel_size, stride, groups=in_channels, bias=False
        )
        self.pointwise = nn.Conv2d(in_channels, out_channels, kernel_size=1)

    def out_size(self, size: int) -> int:
        """Compute the output side for an input side of ``size``; below 1 if it is too small."""
        if self.padding == 'same':
            return -(-size // self.stride)
        return (size - self.kernel_size) // self.stride + 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve, (N, C_in, H, W) to (N, C_out, H', W')."""
        return F.relu(self.pointwise(self._depthwise(x)))

    def _depthwise(self, x: torch.Tensor) -> torch.Tensor:
        if self.padding == 'valid':
            return self.depthwise(x)
        (top, bottom), (left, right) = self._same(x.shape[-2]), self._same(x.shape[-1])
        if top == bottom and left == right:  # the convolution pads without a copy
            conv = self.depthwise
            return F.conv2d(x, conv.weight, None, conv.stride, (top, left), groups=conv.groups)
        return self.depthwise(F.pad(x, (left, right, top, bottom)))

    def _same(self, size: int) -> tuple[int, int]:
        """Compute the padding before and after a side of ``size``."""
        total = max((self.out_size(size) - 1) * self.stride + self.kernel_size - size, 0)
        return total // 2, total - total // 2


@MODELS.register_module()
class DetailExtractionNeck(BaseModule):
    """One to three depthwise-separable convolutions that shrink the map and extract details.

    Args:
        in_channels (int): Channels of the backbone's map. Defaults to 512 (ConvNeXt-Base after
            three stages).
        out_channels (int): Channels of every convolution. Defaults to 256, as released.
        num_layers (int): One, two or three (Table 3). Defaults to 2.
        kernel_sizes (Sequence[int]): Kernel side of each layer, equal to its stride (Algorithm 1).
            Defaults to (4, 2, 2); the first ``num_layers`` are used.
        padding (str | Sequence[str]): 'same' or 'valid', for all layers or for each. The released
            graph has ('same', 'valid'). Defaults to 'same', which computes the same numbers on the
            14x14 and 7x7 maps of 224 and 120 pixel images, and works on smaller maps too.
        norm_cfg (dict, optional): Config of the norm, such as ``dict(type='BN')``, or None for no
            norm. Defaults to ``dict(type='LN2d', eps=1e-6)``.
        norm_position (str): 'before' the convolutions (Algorithm 1) or 'after' them (released).
            Defaults to 'before'.
        dropout (float): Probability of dropping a whole channel of an image (SpatialDropout).
            Defaults to 0.1.
        pool (str, optional): 'avg' for the mean over the positions, (N, C_out), for heads that do
            not pool, such as mmpretrain's ``LinearClsHead``. Defaults to None: a map.
        init_cfg (dict, optional): Initialisation. Defaults to Xavier-uniform convolutions, Keras'
            default.

    Raises:
        ConvcutError: The padding or position is unknown, the number of layers is not 1 to 3, or,
            in :meth:`forward`, the map is smaller than a kernel.
    """

    def __init__(
        self,
        in_channels: int = 512,
        out_channels: int = 256,
        num_layers: int = 2,
        kernel_sizes: Sequence[int] = (4, 2, 2),
        padding: str | Sequence[str] = 'same',
        norm_cfg: dict | None = dict(type='LN2d', eps=1e-6),
        norm_position: str = 'before',
        dropout: float = 0.1,
        pool: str | None = None,
        init_cfg: dict | None = dict(
            type='Xavier',
            layer='Conv2d',
            distribution='uniform',
        ),
    ) -> None:
        super().__init__(init_cfg)
        if num_layers not in (1, 2, 3) or len(kernel_sizes) < num_layers:
            raise ConvcutError(
                f'num_layers={num_layers} with {len(kernel_sizes)} kernel_sizes: '
                'expected 1, 2 or 3 layers and a kernel size for each'
            )
        paddings = [padding] * num_layers if isinstance(padding, str) else list(padding)
        if len(paddings) < num_layers or not set(paddings) <= set(PADDINGS):
            raise ConvcutError(
                f'padding={padding!r}: expected "same" or "valid", for all layers '
                f'or for each of the {num_layers}'
            )
        if norm_position not in NORM_POSITIONS:
            raise ConvcutError(f'norm_position={norm_position!r}: expected "before" or "after"')
        if pool not in (None, 'avg'):
            raise ConvcutError(f'pool={pool!r}: expected "avg" or None')
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.norm_position = norm_position
        self.pool = pool
        self.convs = nn.ModuleList(
            DepthwiseSeparableConv(
                in_channels if i == 0 else out_channels,
                out_channels,
                kernel_sizes[i],
                kernel_sizes[i],
                paddings[i],
            )
            for i in range(num_layers)
        )
        norm_channels = in_channels if norm_position == 'before' else out_channels
        self.norm = (
            nn.Identity() if norm_cfg is None else build_norm_layer(norm_cfg, norm_channels)
        )
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, feats: tuple[torch.Tensor, ...] | torch.Tensor) -> tuple[torch.Tensor]:
        """Extract details from the last map.

        Args:
            feats (tuple[Tensor] | Tensor): Backbone maps, the last one (N, C_in, H, W).

        Returns:
            tuple[Tensor]: One map (N, C_out, H', W'), 2x2 for images of 224 pixels, 1x1 for 120;
            with ``pool='avg'`` vectors (N, C_out).
        """
        x = feats[-1] if isinstance(feats, (tuple, list)) else feats
        self._check(x)
        if self.norm_position == 'before':
            x = norm_in_place_order(self.norm, x)
        for conv in self.convs:
            x = conv(x)
        if self.norm_position == 'after':
            x = norm_in_place_order(self.norm, x)
        x = self.dropout(x)
        return (x.mean(dim=(2, 3)) if self.pool == 'avg' else x,)

    @property
    def grad_cam_layer(self) -> str | None:
        """The norm before the convolutions, or None if there is none.

        A norm removes the mean over the channels, which is a large part of the last block's map
        and belongs to no class. Among the first 300 faces of FER2013Valid Grad-CAM of the block
        highlighted nothing in one of six, Grad-CAM of the norm in none (``convcut-atto_ferplus``).
        """
        return 'norm' if self.norm is not None and self.norm_position == 'before' else None

    def _check(self, x: torch.Tensor) -> None:
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ConvcutError(
                f'DetailExtractionNeck: expected a map (N, {self.in_channels}, H, '
                f'W), got the shape {tuple(x.shape)}; set neck.in_channels'
            )
        height, width = x.shape[-2:]
        convs: Any = self.convs
        for number, conv in enumerate(convs, 1):
            sides = conv.out_size(height), conv.out_size(width)
            if min(sides) < 1:
                raise ConvcutError(
                    f'DetailExtractionNeck: layer {number} gets a {height}x{width} map, too small '
                    f'for its {conv.kernel_size}x{conv.kernel_size} kernel with padding "valid"; '
                    'use larger images, fewer layers or padding="same"'
                )
            height, width = sides
