"""ConvNeXt without its last stages: the feature extractor of Conv-cut (paper, section 3)."""

import torch
from mmengine.model import BaseModule
from mmpretrain.models.backbones import ConvNeXt
from mmpretrain.models.utils import build_norm_layer
from mmpretrain.registry import MODELS
from torch import nn

from ...errors import ConvcutError
from ..utils.cpu import compute_in_slices, train_depthwise_in_float32
from ..utils.norm import norm_in_place_order
from ..utils.partial_checkpoint import PartialInit

KINDS = ('stages', 'downsample_layers')


class DepthwiseNorm(BaseModule):
    """The first half of a ConvNeXt block: depthwise 7x7 convolution and norm, no MLP, no residual.

    Parameter names equal those of mmpretrain's ``ConvNeXtBlock``, so published weights fit.

    Args:
        channels (int): Channels of the input and output map.
        norm_cfg (dict): Config of the norm layer.
    """

    def __init__(self, channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.depthwise_conv = nn.Conv2d(
            channels, channels, kernel_size=7, padding=3, groups=channels
        )
        self.norm = build_norm_layer(norm_cfg, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, C, H, W)."""
        return norm_in_place_order(self.norm, self.depthwise_conv(x))


@MODELS.register_module()
class TruncatedConvNeXt(PartialInit, ConvNeXt):
    """mmpretrain's ConvNeXt, cut off after a stage, after a block, or inside a block.

    What is cut off is never built. The output is a tuple with one map (N, C, H, W).

    The cut that the authors released (Keras program) is ``num_stages=3, num_blocks=23,
    half_block=True``: 51,640,448 of the 87,566,464 parameters of ConvNeXt-Base. The paper's text
    (section 3, 'Truncated Convnext') keeps whole stages instead.

    Args:
        arch (str | dict): As in mmpretrain's ``ConvNeXt``: a name or ``dict(depths=...,
            channels=...)`` of the **full** network. Defaults to 'base'.
        num_stages (int): Stages kept, from the stem on. Defaults to 3.
        num_blocks (int, optional): Whole blocks kept of the last kept stage. Defaults to None:
            all of them.
        half_block (bool): Keep also the depthwise convolution and norm of the block that follows
            those whole blocks. Defaults to False.
        out_norm (bool): Put a norm, ``norm{num_stages - 1}``, on the output map. Published weights
            hold none for a cut network. Defaults to False.
        frozen (bool): Freeze every parameter, the output norm's included, and stay in eval mode
            when the model is put in train mode. Defaults to False.
        norm_cfg (dict): Config of all norm layers. Defaults to ``dict(type='LN2d', eps=1e-6)``.
        channels_last (bool): Compute in channels-last memory order on the CPU. Defaults to True.
        init_cfg (dict | list[dict], optional): ``dict(type='Pretrained', checkpoint=...,
            prefix='backbone.')`` loads a full ConvNeXt checkpoint: the keys of the removed part
            are left out, any other missing, unexpected or misshapen key is an error. Defaults to
            None: ConvNeXt's own initialisation.
        **kwargs: Other arguments of mmpretrain's ``ConvNeXt``, except ``out_indices``,
            ``gap_before_final_norm`` and ``frozen_stages``, which this class decides.

    Raises:
        ConvcutError: An unknown arch, or a cut that the arch does not have.
    """

    def __init__(
        self,
        arch: str | dict = 'base',
        num_stages: int = 3,
        num_blocks: int | None = None,
        half_block: bool = False,
        out_norm: bool = False,
        frozen: bool = False,
        norm_cfg: dict | None = None,
        channels_last: bool = True,
        init_cfg: dict | list | None = None,
        **kwargs,
    ) -> None:
        norm_cfg = norm_cfg or dict(type='LN2d', eps=1e-6)
        full_depths, full_channels = self._full_arch(arch)
        num_blocks = self._check_cut(full_depths, num_stages, num_blocks, half_block)
        for name in ('out_indices', 'gap_before_final_norm', 'frozen_stages'):
            if name in kwargs:
                raise ConvcutError(
                    f'TruncatedConvNeXt decides "{name}" by itself; use num_stages, '
                    'num_blocks, half_block, out_norm and frozen instead'
                )
        if init_cfg is not None:
            kwargs['init_cfg'] = init_cfg
        # without out_indices the parent builds no output norm, neither here nor for a cut stage
        super().__init__(
            arch=dict(
                depths=[*full_depths[: num_stages - 1], num_blocks],
                channels=list(full_channels[:num_stages]),
            ),
            norm_cfg=norm_cfg,
            out_indices=(),
            **kwargs,
        )
        # nothing here reads it; mmpretrain's vis_tsne names its files after it
        self.out_indices = (num_stages - 1,)
        self.full_depths = tuple(full_depths)
        self.frozen = frozen
        self.channels_last = channels_last
        self.out_channels = full_channels[num_stages - 1]
        if half_block:
            self.stages[-1].append(DepthwiseNorm(self.out_channels, norm_cfg))
        self.out_norm_name = f'norm{num_stages - 1}' if out_norm else None
        if out_norm:
            self.add_module(self.out_norm_name, build_norm_layer(norm_cfg, self.out_channels))
        train_depthwise_in_float32(self)
        if frozen:
            self.requires_grad_(False)
            self.eval()

    @classmethod
    def _full_arch(cls, arch: str | dict) -> tuple:
        if isinstance(arch, str):
            if arch not in cls.arch_settings:
                raise ConvcutError(
                    f'unknown ConvNeXt arch "{arch}", expected one of '
                    f'{", ".join(cls.arch_settings)} or a dict'
                )
            arch = cls.arch_settings[arch]
        if not {'depths', 'channels'} <= set(arch) or len(arch['depths']) != len(arch['channels']):
            raise ConvcutError(
                f'arch as a dict needs "depths" and "channels" of one length, got {dict(arch)}'
            )
        return arch['depths'], arch['channels']

    @staticmethod
    def _check_cut(depths: list, num_stages: int, num_blocks: int | None, half_block: bool) -> int:
        if not 1 <= num_stages <= len(depths):
            raise ConvcutError(
                f'num_stages={num_stages}: expected 1 to {len(depths)}, the stages of this arch'
            )
        depth = depths[num_stages - 1]
        most = depth - 1 if half_block else depth
        num_blocks = depth if num_blocks is None else num_blocks
        least = 0 if half_block else 1
        if not least <= num_blocks <= most:
            raise ConvcutError(
                f'num_blocks={num_blocks} with half_block={half_block}: expected {least} to '
                f'{most}, stage {num_stages} of this arch has {depth} blocks'
            )
        return num_blocks

    def forward(self, x: torch.Tensor) -> tuple:
        """Compute the map at the cut.

        Args:
            x (Tensor): Normalised images, (N, 3, H, W).

        Returns:
            tuple[Tensor]: One map, (N, C, H / 16, W / 16) for three stages, rounded down.
        """
        # an exported graph has a free batch size and its runtime's own memory order
        if torch.onnx.is_in_onnx_export():
            return (self._map(x),)
        if self.channels_last and x.device.type == 'cpu':
            x = x.contiguous(memory_format=torch.channels_last)
        return (compute_in_slices(self._map, x) if self.frozen else self._map(x),)

    def _map(self, x: torch.Tensor) -> torch.Tensor:
        for downsample, stage in zip(self.downsample_layers, self.stages):
            for layer in downsample:  # stem: convolution, norm; later: norm, convolution
                is_norm = not isinstance(layer, nn.Conv2d)
                x = norm_in_place_order(layer, x) if is_norm else layer(x)
            x = stage(x)
        if self.out_norm_name is not None:
            x = norm_in_place_order(getattr(self, self.out_norm_name), x)
        return x

    def train(self, mode: bool = True) -> 'TruncatedConvNeXt':
        """Set train mode, except for a frozen backbone; returns self, unlike its parent."""
        super().train(mode and not self.frozen)
        return self

    @property
    def grad_cam_layer(self) -> str:
        """The last block."""
        return f'stages.{len(self.stages) - 1}.{len(self.stages[-1]) - 1}'

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple:
        """Place of a parameter in the **full** network, for layer-wise learning-rate decay.

        A block learns at the rate that it has in the network which it was cut from, and never
        above the base rate.

        Args:
            param_name (str): Name of the parameter.
            prefix (str): What comes before the backbone's own names. Defaults to ''.

        Returns:
            tuple[int, int]: The layer, counted from the stem's 0, and the number of layers.
        """
        # the parent asks the last but one stage, the third of its four, how long the network is
        kept, self.depths = self.depths, [*self.full_depths, 0, 0][:3] + [0]
        try:
            layer, layers = super().get_layer_depth(param_name, prefix)
        finally:
            self.depths = kept
        # and counts a third stage of more than 27 blocks beyond the head
        return (min(layer, layers - 2) if '.stages.' in f'.{param_name}' else layer), layers

    def is_cut_off(self, name: str) -> bool:
        """Whether a parameter of the full network belongs to the part that was cut off.

        Args:
            name (str): As in mmpretrain's ConvNeXt: 'stages.2.23.gamma', 'norm3.weight'.
        """
        kind, _, rest = name.partition('.')
        stages, last = len(self.full_depths), len(self.stages) - 1
        if kind.startswith('norm'):  # the norm of an output; published weights have one
            return kind in {f'norm{i}' for i in range(stages)} - {self.out_norm_name}
        stage, _, rest = rest.partition('.')
        if not stage.isdigit() or int(stage) >= stages or kind not in KINDS:
            return False
        if int(stage) != last or kind == 'downsample_layers':
            return int(stage) > last
        block, _, layer = rest.partition('.')
        half = isinstance(self.stages[last][-1], DepthwiseNorm)
        kept = len(self.stages[last])
        if half and block == str(kept - 1):
            return not layer.startswith(('depthwise_conv.', 'norm.'))
        return block.isdigit() and kept <= int(block) < self.full_depths[last]
