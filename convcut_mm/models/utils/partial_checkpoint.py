"""Load the kept part of a full network's checkpoint into a network that was cut."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader
from torch import nn

from ...utils.checkpoint_fit import check_fits


def load_kept_part(
    model: nn.Module, checkpoint: str, prefix: str, is_cut_off: Callable[[str], bool]
) -> None:
    """Load weights of a full network into one that was cut from it.

    Args:
        model (nn.Module): The cut network.
        checkpoint (str): Path or URL of the full network's checkpoint.
        prefix (str): Prefix of the network's keys in the file, such as 'backbone.'; '' if the file
            holds the network alone.
        is_cut_off (Callable): Tells whether a key without prefix belongs to the part that was cut
            off.

    Raises:
        ConvcutError: A key is missing, unexpected or of another shape.
    """
    weights = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')
    weights = weights.get('state_dict', weights)
    if prefix and not prefix.endswith('.'):
        prefix += '.'
    weights = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
    weights = {k: v for k, v in weights.items() if not is_cut_off(k)}
    problem = f'no weights of this {type(model).__name__} below "{prefix}"'
    model.load_state_dict(check_fits(weights, model, checkpoint, problem))


class PartialInit(BaseModule):
    """A base class that makes ``init_cfg=dict(type='Pretrained', ...)`` of a cut network strict.

    mmengine's ``PretrainedInit`` only logs the keys that differ. Name this class before the
    network's own among the bases.
    """

    init_cfg: Any

    @property
    def kept_part(self) -> nn.Module:
        """The module whose keys are the full network's; a wrapper of the network overrides it."""
        return self

    @abstractmethod
    def is_cut_off(self, name: str) -> bool:
        """Tell whether a parameter of the full network is in the part that was cut off.

        Args:
            name (str): Name of the parameter in the full network.
        """

    def init_weights(self) -> None:
        """Initialise, then load each 'Pretrained' checkpoint by :func:`load_kept_part`."""
        cfgs = self.init_cfg if isinstance(self.init_cfg, (list, tuple)) else [self.init_cfg]
        pretrained = [cfg for cfg in cfgs if cfg and cfg.get('type') == 'Pretrained']
        if self.is_init or not pretrained:
            super().init_weights()
            return
        self.init_cfg = [cfg for cfg in cfgs if cfg not in pretrained]
        super().init_weights()
        self.init_cfg = cfgs
        for cfg in pretrained:
            prefix = cfg.get('prefix', '')
            load_kept_part(self.kept_part, cfg['checkpoint'], prefix, self.is_cut_off)
