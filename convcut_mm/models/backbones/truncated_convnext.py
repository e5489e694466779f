"""ConvNeXt without its last stages: the feature extractor of Conv-cut (paper, section 3)."""

from typing import Optional, Union

import torch
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader
from mmpretrain.models.backbones import ConvNeXt
from mmpretrain.models.utils import build_norm_layer
from mmpretrain.registry import MODELS
from torch import nn

from ...errors import ConvcutError
from ...utils.checkpoint import mismatch
from ..utils.memory_order import norm_in_place_order

# Base's widest maps of more images at 224 pixels exceed 32 MB, and such memory glibc gives back at
# once: the kernel then clears its pages anew in every block, up to a quarter of the time
CPU_SLICE = 4


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise convolution that trains in float32 under autocast on a CPU.

    Its gradient takes longer in bfloat16 there, as does that of the norm which follows.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, C, H', W')."""
        if x.device.type != 'cpu' or not (self.training and torch.is_grad_enabled()):
            return super().forward(x)
        with torch.autocast('cpu', enabled=False):  # without autocast this changes nothing
            return super().forward(x.to(self.weight.dtype))


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
class TruncatedConvNeXt(ConvNeXt):
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
        arch: Union[str, dict] = 'base',
        num_stages: int = 3,
        num_blocks: Optional[int] = None,
        half_block: bool = False,
        out_norm: bool = False,
        frozen: bool = False,
        norm_cfg: Optional[dict] = None,
        channels_last: bool = True,
        init_cfg: Union[dict, list, None] = None,
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
        for module in self.modules():
            if type(module) is nn.Conv2d and module.groups > 1:
                # the same layer with another forward: mmpretrain's block makes it by itself
                module.__class__ = DepthwiseConv2d
        if frozen:
            self.requires_grad_(False)
            self.eval()

    @classmethod
    def _full_arch(cls, arch: Union[str, dict]) -> tuple:
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
    def _check_cut(
        depths: list, num_stages: int, num_blocks: Optional[int], half_block: bool
    ) -> int:
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
        """Computes the map at the cut.

        Args:
            x (Tensor): Normalised images, (N, 3, H, W).

        Returns:
            tuple[Tensor]: One map, (N, C, H / 16, W / 16) for three stages, rounded down.
        """
        # an exported graph has a free batch size and its runtime's own memory order
        if x.device.type != 'cpu' or torch.onnx.is_in_onnx_export():
            return (self._map(x),)
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        if not self.frozen or len(x) <= CPU_SLICE:
            return (self._map(x),)
        return (torch.cat([self._map(part) for part in x.split(CPU_SLICE)]),)

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
        """Sets train mode, except for a frozen backbone; returns self, unlike its parent."""
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

    def removed_keys(self) -> set:
        """Names of the parameters of the full network that were cut off, output norms included."""
        block = set(self._block_parameters())
        kept = set(self.state_dict())
        full = set()
        for stage, depth in enumerate(self.full_depths):
            full |= {f'stages.{stage}.{i}.{name}' for i in range(depth) for name in block}
            full |= {f'norm{stage}.weight', f'norm{stage}.bias'}
            if stage > 0:
                full |= {
                    f'downsample_layers.{stage}.{layer}.{name}'
                    for layer in (0, 1)
                    for name in ('weight', 'bias')
                }
        return full - kept

    def _block_parameters(self) -> list:
        # gamma and grn exist only in some ConvNeXt versions, so a whole kept block is asked
        for stage in self.stages:
            for block in stage:
                if not isinstance(block, DepthwiseNorm):
                    return list(block.state_dict())
        raise ConvcutError('this cut keeps no whole block, so full checkpoints cannot be matched')

    def init_weights(self) -> None:
        """Initialises, and loads 'Pretrained' weights with the strict rules of this class."""
        cfgs = self.init_cfg if isinstance(self.init_cfg, (list, tuple)) else [self.init_cfg]
        pretrained = [cfg for cfg in cfgs if cfg and cfg.get('type') == 'Pretrained']
        if self.is_init or not pretrained:
            return super().init_weights()
        # mmengine's PretrainedInit only logs what does not fit: a cut backbone must not do that
        self.init_cfg = [cfg for cfg in cfgs if cfg not in pretrained]
        super().init_weights()
        self.init_cfg = cfgs
        for cfg in pretrained:
            self.load_pretrained(cfg['checkpoint'], cfg.get('prefix', ''))
        return None

    def load_pretrained(self, checkpoint: str, prefix: str = '') -> None:
        """Loads the kept part of a full ConvNeXt checkpoint.

        Args:
            checkpoint (str): Path or URL of the checkpoint.
            prefix (str): Prefix of the backbone's keys, 'backbone.' in mmpretrain's published
                files. Defaults to '': the file holds a bare backbone.

        Raises:
            ConvcutError: A key is missing, unexpected or of another shape.
        """
        weights = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')
        weights = weights.get('state_dict', weights)
        if prefix and not prefix.endswith('.'):
            prefix += '.'
        weights = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
        removed = self.removed_keys()
        weights = {k: v for k, v in weights.items() if k not in removed}
        problem = mismatch(weights, self.state_dict())
        if problem:
            raise ConvcutError(
                f'{checkpoint}: no weights of this ConvNeXt below "{prefix}", {problem}'
            )
        self.load_state_dict(weights)
