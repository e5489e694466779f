"""Batches for a test of a model that attends over the batch."""

from typing import Optional

from mmengine.config import Config
from torch import nn

ALONE, CONFIGURED = BATCH_REGIMES = ('alone', 'configured')


def attends_over_batch(model: nn.Module) -> bool:
    """Whether a part of the model reads attention as attention over the batch."""
    return any(getattr(module, 'reading', None) == 'batch' for module in model.modules())


def set_test_batches(cfg: Config, model: nn.Module, wanted: Optional[str]) -> Optional[str]:
    """Lets a batch-attention model see each test image alone, unless asked otherwise.

    Args:
        cfg (Config): The config; its ``test_dataloader`` is changed.
        model (nn.Module): The model of that config.
        wanted (str, optional): 'alone', 'configured' (the config's batches), or None: 'alone' for
            a model that attends over the batch, 'configured' for all others.

    Returns:
        str | None: A line that says what the figures are, for a batch-attention model.
    """
    batch_attention = attends_over_batch(model)
    loader = cfg.test_dataloader
    if wanted == ALONE or (wanted is None and batch_attention):
        loader.batch_size = 1
        loader.pop('batch_sampler', None)
        how = (
            'this model attends over the batch, so each image was tested alone (batches of one); '
            '--batch-regime configured takes the batches of the config'
        )
    else:
        how = (
            'this model attends over the batch and was tested in batches of '
            f'{loader.get("batch_size")} as configured: these figures tell nothing about single '
            'images; --batch-regime alone does'
        )
    return how if batch_attention else None
