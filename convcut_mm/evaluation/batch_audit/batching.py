"""Choose the batches in which tools/test.py tests a model that depends on its batch."""

from mmengine.config import Config
from torch import nn

from ...models.utils import batch_dependent_parts

ALONE = 'alone'
CONFIGURED = 'configured'


def set_test_batches(cfg: Config, model: nn.Module, wanted: str | None) -> str | None:
    """Test a batch-dependent model in batches of one, unless asked otherwise.

    Args:
        cfg (Config): The config; its ``test_dataloader`` is changed.
        model (nn.Module): The model of that config.
        wanted (str, optional): 'alone', 'configured' (the config's batches), or None: 'alone' for
            a batch-dependent model, 'configured' for all others.

    Returns:
        str | None: A line that says how a batch-dependent model was tested, None for all others.
    """
    parts = batch_dependent_parts(model)
    loader = cfg.test_dataloader
    if wanted == ALONE or (wanted is None and parts):
        loader.batch_size = 1
        loader.pop('batch_sampler', None)
        how = (
            f'{", ".join(parts)} looks at the other images of the batch, so each image was tested '
            'alone (batches of one); '
            '--batch-regime configured uses the batches of the config'
        )
    else:
        how = (
            f'{", ".join(parts)} looks at the other images of the batch, and was tested in '
            f'batches of {loader.get("batch_size")} as configured: these metrics say nothing '
            'about single images; --batch-regime alone does'
        )
    return how if parts else None
