"""The model behind a runner."""

from mmengine.model import BaseTTAModel, is_model_wrapper
from torch import nn


def bare_model(runner) -> nn.Module:
    """The runner's model without what distributed training and ``--tta`` put around it."""
    model = runner.model
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model
