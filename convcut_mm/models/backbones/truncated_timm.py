"""Extract features with a network of timm, whole or cut after a group of its blocks."""

import difflib
import inspect
import types
from pathlib import Path
from typing import Any

import torch
from mmengine.model import BaseModule
from mmpretrain.registry import MODELS
from torch import nn
from torch.func import functional_call

from ...errors import ConvcutError
from ..utils.cpu import compute_map
from ..utils.partial_checkpoint import PartialInit

_OWN = ('pretrained', 'checkpoint_path', 'features_only', 'num_classes', 'global_pool')


@MODELS.register_module()
class TruncatedTimm(PartialInit, BaseModule):
    """A network of timm, cut off after a group of blocks. The output is a tuple with one map.

    timm itself cuts (``prune_intermediate_layers``) and computes (``forward_intermediates``), so
    any of its networks with these methods works. mmpretrain's ``TIMMBackbone`` has no cut, offers
    only one map for each resolution, and does not check the keys of a checkpoint. The network has
    the same name here, ``timm_model``, so that its keys do.

    Args:
        model_name (str): Name of a model in timm, such as 'tf_efficientnet_lite0'.
        out_index (int | str, optional): Number of the last map to keep, as
            ``forward_intermediates`` counts. In an EfficientNet 0 is the stem and 5 the fifth
            group of blocks, in a ResNet 4 the fourth, in a ConvNeXt 3. 'pooled' keeps the whole
            network but its classifier, and gives a vector. Defaults to None: the whole network but
            pooling and classifier.
        frozen (bool): Freeze all parameters and stay in eval mode. Defaults to False.
        channels_last (bool): Use channels-last memory order on the CPU. Defaults to True.
        init_cfg (dict | list[dict], optional): ``dict(type='Pretrained', checkpoint=...)`` loads a
            checkpoint of the full network with timm's keys (below ``prefix``, if given), without
            those of the part that is cut off; any other missing, unexpected or misshapen key is an
            error. Defaults to None: timm's own initialisation.
        **kwargs: Other arguments of ``timm.create_model``. Nothing is ever downloaded.

    Raises:
        ConvcutError: timm is missing, or has no such model, map or argument.
    """

    timm_model: Any  # a module whose type lacks what its class has

    def __init__(
        self,
        model_name: str,
        out_index: int | str | None = None,
        frozen: bool = False,
        channels_last: bool = True,
        init_cfg: dict | list[dict] | None = None,
        **kwargs,
    ) -> None:
        super().__init__(init_cfg)
        for name in _OWN:
            if name in kwargs:
                raise ConvcutError(f'TruncatedTimm sets "{name}" by itself; remove it')
        network = _create(model_name, kwargs)
        full = list(network.state_dict())
        # which maps are numbered: every group of blocks, where the network offers that
        signature = inspect.signature(getattr(network, 'forward_intermediates', lambda: None))
        self._every = dict(extra_blocks=True) if 'extra_blocks' in signature.parameters else {}
        if out_index is None:
            network.reset_classifier(0, '')
        elif out_index == 'pooled':
            network.reset_classifier(0)
        else:
            _cut(network, model_name, out_index, self._every)
        self.timm_model = network
        self.model_name = model_name
        self.out_index = out_index
        self.out_indices = (
            out_index,
        )  # for mmpretrain's vis_tsne, which names its files after it
        self.frozen = frozen
        self.channels_last = channels_last
        self.cut_off = _parts_without(full, list(network.state_dict()))
        self.out_channels = self._count_channels(kwargs.get('in_chans', 3))
        if frozen:
            self.requires_grad_(False)
            self.eval()

    @torch.no_grad()
    def _count_channels(self, in_channels: int) -> int:
        """Compute the shape of the map without numbers: not all cuts are in ``feature_info``."""
        side = self.timm_model.pretrained_cfg['input_size'][-1]
        tensors = {**dict(self.named_parameters()), **dict(self.named_buffers())}
        shapes = {name: tensor.to('meta') for name, tensor in tensors.items()}
        training = self.training
        self.eval()
        (out,) = functional_call(
            self, shapes, torch.empty(1, in_channels, side, side, device='meta')
        )
        self.train(training)
        return out.shape[1] if out.ndim == 4 else out.shape[-1]

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """Compute the map at the cut.

        Args:
            x (Tensor): Normalised images, (N, 3, H, W).

        Returns:
            tuple[Tensor]: One map, (N, C, H', W'); of a whole transformer tokens, (N, L, C); with
            'pooled' a vector, (N, C).
        """
        return (compute_map(self._map, x, self.channels_last, in_slices=self.frozen),)

    def _map(self, x: torch.Tensor) -> torch.Tensor:
        if self.out_index is None:
            x = self.timm_model.forward_features(x)
            nhwc = x.ndim == 4 and getattr(self.timm_model, 'output_fmt', 'NCHW') == 'NHWC'
            return x.permute(0, 3, 1, 2) if nhwc else x
        if self.out_index == 'pooled':
            return self.timm_model(x)
        return self.timm_model.forward_intermediates(
            x, indices=[self.out_index], stop_early=True, intermediates_only=True, **self._every
        )[0]

    def train(self, mode: bool = True) -> 'TruncatedTimm':
        """Set train mode, except for a frozen backbone; return self."""
        return super().train(mode and not self.frozen)

    @property
    def kept_part(self) -> nn.Module:
        """timm's network, whose keys have no prefix in a checkpoint of timm."""
        return self.timm_model

    def is_cut_off(self, name: str) -> bool:
        """Tell whether a parameter of the full network is in the part that was cut off.

        Args:
            name (str): Name in timm's network, such as 'blocks.6.0.conv_pw.weight'.
        """
        return f'{name}.'.startswith(tuple(self.cut_off))

    def init_weights(self) -> None:
        """Initialise, or load a checkpoint as ``PartialInit`` does."""
        cfgs = self.init_cfg if isinstance(self.init_cfg, (list, tuple)) else [self.init_cfg]
        for cfg in cfgs:
            path = str((cfg or {}).get('checkpoint', ''))
            if path and '://' not in path and not Path(path).expanduser().is_file():
                raise ConvcutError(
                    f'{path}: no such checkpoint file; convcut convert-imagenet writes those of '
                    'EfficientNet-Lite'
                )
        super().init_weights()


def _timm() -> types.ModuleType:
    try:
        import timm
    except ImportError:
        raise ConvcutError(
            'TruncatedTimm needs timm: pip install "convcut_mm[imagenet]"'
        ) from None
    return timm


def _create(model_name: str, kwargs: dict) -> Any:
    """Build the whole network with random weights."""
    timm = _timm()
    if not timm.is_model(model_name):
        close = difflib.get_close_matches(model_name, timm.list_models())
        like = f'; similar names: {", ".join(close)}' if close else ''
        raise ConvcutError(f'timm {timm.__version__} has no model "{model_name}"{like}')
    try:
        return timm.create_model(model_name, pretrained=False, **kwargs)
    except TypeError as error:
        raise ConvcutError(f'{model_name} of timm: {error}') from None


def _cut(network: Any, model_name: str, out_index: int | str, every: dict) -> None:
    """Remove what comes after a map, in place."""
    if not isinstance(out_index, int):
        raise ConvcutError(f'out_index={out_index!r}: expected a number, "pooled" or None')
    if not hasattr(network, 'prune_intermediate_layers'):
        raise ConvcutError(f'{model_name}: timm cannot cut this model; leave out out_index')
    try:
        network.prune_intermediate_layers([out_index], prune_norm=True, **every)
    except AssertionError as error:
        raise ConvcutError(f'{model_name}, out_index={out_index}: {error}') from None


def _parts_without(full: list[str], kept: list[str]) -> list[str]:
    """Name the largest parts of a network of which nothing was kept, each with a last dot."""
    inside = {name[: end + 1] for name in kept for end, sign in enumerate(name) if sign == '.'}
    parts: dict[str, None] = {}
    for name in full:
        if name not in kept:
            dotted = f'{name}.'
            ends = [end + 1 for end, sign in enumerate(dotted) if sign == '.']
            parts[next(dotted[:end] for end in ends if dotted[:end] not in inside)] = None
    return list(parts)
