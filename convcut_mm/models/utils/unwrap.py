"""Unwrap the model of a runner."""

from mmengine.model import BaseTTAModel, is_model_wrapper
from torch import nn


def bare_model(runner) -> nn.Module:
    """Return the runner's model without the wrappers of distributed training and ``--tta``."""
    model = runner.model
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model
