"""Extract features with a truncated ConvNeXt, as Conv-cut does (paper, section 3)."""

import torch
from mmengine.model import BaseModule
from mmpretrain.models.backbones import ConvNeXt
from mmpretrain.models.utils import build_norm_layer
from mmpretrain.registry import MODELS
from torch import nn

from ...errors import ConvcutError
from ..utils.cpu import compute_map, train_depthwise_in_float32
from ..utils.norm import norm_in_place_order
from ..utils.partial_checkpoint import PartialInit
from .convnext_cut import ConvNeXtCut


class DepthwiseNorm(BaseModule):
    """The first half of a ConvNeXt block: depthwise 7x7 convolution and norm, no MLP, no residual.

    Its parameters have the names of mmpretrain's ``ConvNeXtBlock``, so published weights fit.

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
        """Convolve and normalise, (N, C, H, W) to (N, C, H, W)."""
        return norm_in_place_order(self.norm, self.depthwise_conv(x))


@MODELS.register_module()
class TruncatedConvNeXt(PartialInit, ConvNeXt):
    """mmpretrain's ConvNeXt, cut off after a stage, after a block, or inside a block.

    The part that is cut off is never built. The output is a tuple with one map (N, C, H, W).

    The authors' released Keras program cuts at ``num_stages=3, num_blocks=23, half_block=True``:
    51,640,448 of the 87,566,464 parameters of ConvNeXt-Base remain. The paper's text (section 3,
    'Truncated Convnext') keeps whole stages instead.

    Args:
        arch (str | dict): As in mmpretrain's ``ConvNeXt``: a name or ``dict(depths=...,
            channels=...)`` of the **full** network. Defaults to 'base'.
        num_stages (int): Number of stages to keep. Defaults to 3.
        num_blocks (int, optional): Number of whole blocks to keep of the last stage. Defaults to
            None: all of them.
        half_block (bool): Keep also the depthwise convolution and norm of the next block. Defaults
            to False.
        out_norm (bool): Apply a norm, ``norm{num_stages - 1}``, to the output map. Published
            weights have none for a cut network. Defaults to False.
        frozen (bool): Freeze all parameters, also those of the output norm, and stay in eval mode.
            Defaults to False.
        norm_cfg (dict): Config of all norm layers. Defaults to ``dict(type='LN2d', eps=1e-6)``.
        channels_last (bool): Use channels-last memory order on the CPU. Defaults to True.
        init_cfg (dict | list[dict], optional): ``dict(type='Pretrained', checkpoint=...,
            prefix='backbone.')`` loads a checkpoint of the full ConvNeXt without the keys of the
            part that is cut off; any other missing, unexpected or misshapen key is an error.
            Defaults to None: ConvNeXt's own initialisation.
        **kwargs: Other arguments of mmpretrain's ``ConvNeXt``, except ``out_indices``,
            ``gap_before_final_norm`` and ``frozen_stages``, which this class sets.

    Raises:
        ConvcutError: The arch is unknown, or has no such stage or block.
    """

    depths: list[int]  # set by the parent

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
        init_cfg: dict | list[dict] | None = None,
        **kwargs,
    ) -> None:
        norm_cfg = norm_cfg or dict(type='LN2d', eps=1e-6)
        full_depths, full_channels = self._full_arch(arch)
        cut = ConvNeXtCut(full_depths, num_stages, num_blocks, half_block)
        for name in ('out_indices', 'gap_before_final_norm', 'frozen_stages'):
            if name in kwargs:
                raise ConvcutError(
                    f'TruncatedConvNeXt sets "{name}" by itself; use num_stages, '
                    'num_blocks, half_block, out_norm and frozen instead'
                )
        if init_cfg is not None:
            kwargs['init_cfg'] = init_cfg
        # without out_indices the parent builds no output norms
        super().__init__(
            arch=dict(depths=cut.kept_depths, channels=list(full_channels[:num_stages])),
            norm_cfg=norm_cfg,
            out_indices=(),
            **kwargs,
        )
        # for mmpretrain's vis_tsne, which names its files after it
        self.out_indices = (num_stages - 1,)
        self.cut = cut
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
    def _full_arch(cls, arch: str | dict) -> tuple[list[int], list[int]]:
        """Return depths and channels of the full network."""
        if isinstance(arch, str):
            if arch not in cls.arch_settings:
                raise ConvcutError(
                    f'unknown ConvNeXt arch "{arch}", expected one of '
                    f'{", ".join(cls.arch_settings)} or a dict'
                )
            settings: dict = cls.arch_settings[arch]
        else:
            settings = arch
        depths, channels = settings.get('depths'), settings.get('channels')
        if depths is None or channels is None or len(depths) != len(channels):
            raise ConvcutError(
                f'arch as a dict needs "depths" and "channels" of one length, got {dict(settings)}'
            )
        return depths, channels

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """Compute the map at the cut.

        Args:
            x (Tensor): Normalised images, (N, 3, H, W).

        Returns:
            tuple[Tensor]: One map, (N, C, H / 16, W / 16) for three stages, rounded down.
        """
        return (compute_map(self._map, x, self.channels_last, in_slices=self.frozen),)

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
        """Set train mode, except for a frozen backbone; return self, unlike the parent."""
        super().train(mode and not self.frozen)
        return self

    @property
    def grad_cam_layer(self) -> str:
        """The last block."""
        return f'stages.{len(self.stages) - 1}.{len(self.stages[-1]) - 1}'

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """Return a parameter's layer in the **full** network, for layer-wise learning-rate decay.

        Each block gets the learning rate that it has in the full network, and never more than the
        base rate.

        Args:
            param_name (str): Name of the parameter.
            prefix (str): Prefix of the backbone's names. Defaults to ''.

        Returns:
            tuple[int, int]: Index of the layer, 0 for the stem, and the number of layers.
        """
        # the parent derives the number of layers from the last stage but one, the third of four
        kept, self.depths = self.depths, [*self.cut.depths, 0, 0][:3] + [0]
        try:
            layer, layers = super().get_layer_depth(param_name, prefix)
        finally:
            self.depths = kept
        # the parent counts blocks of a third stage beyond the 27th past the head
        return (min(layer, layers - 2) if '.stages.' in f'.{param_name}' else layer), layers

    def is_cut_off(self, name: str) -> bool:
        """Tell whether a parameter of the full network is in the part that was cut off.

        Args:
            name (str): Name in mmpretrain's ConvNeXt, such as 'stages.2.23.gamma', 'norm3.weight'.
        """
        return name.partition('.')[0] != self.out_norm_name and self.cut.removes(name)
