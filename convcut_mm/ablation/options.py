"""Settings of a config that the ablation tool reads or overrides."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction

from ..errors import ConvcutError

# config key of the checkpoint of a frozen backbone
BACKBONE_OPTION = 'model.backbone.init_cfg.checkpoint'


def chosen_by(cfg: Config) -> str | None:
    """Return the metric that chooses the epoch of a training, None if it is the last epoch."""
    metric = cfg.default_hooks.checkpoint.get('save_best')
    return None if cfg.get('val_dataloader') is None else metric


def choose_by(cfg: Config, metric: str) -> list[str]:
    """Return the options with which a training chooses its epoch by a metric.

    Args:
        cfg (Config): The config of the training.
        metric (str): A metric of its evaluators; more is better.

    Returns:
        list[str]: ``KEY=VALUE``; empty if the config chooses by it already, or chooses none.
    """
    if chosen_by(cfg) in (None, metric):
        return []
    hook = 'default_hooks.checkpoint'
    return [f'{hook}.save_best={metric}', f'{hook}.rule=greater']


def parsed(options: Sequence[str]) -> dict[str, Any]:
    """Parse ``KEY=VALUE`` as ``--cfg-options`` of the tools does.

    Raises:
        ConvcutError: An option has no '='.
    """
    for option in options:
        if '=' not in option:
            raise ConvcutError(f'--cfg-options {option}: expected KEY=VALUE')
    parser = argparse.ArgumentParser()
    parser.add_argument('options', nargs='*', action=DictAction)
    return parser.parse_args(options).options or {}


def check_backbone(config: Path, init_cfg: Any) -> None:
    """Check that a backbone loads a checkpoint.

    Raises:
        ConvcutError: It does not; the message names the config.
    """
    if not isinstance(init_cfg, dict) or init_cfg.get('type') != 'Pretrained':
        raise ConvcutError(
            f'{config}: the set has a backbone, but model.backbone.init_cfg is not '
            "dict(type='Pretrained', checkpoint=...)"
        )
