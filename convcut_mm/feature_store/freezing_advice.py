"""Advice on the settings that freeze a backbone, found by trying them."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager

from mmpretrain.models import ImageClassifier
from torch import nn

from .train_mode import active_modules, is_norm

_MOST_STAGES = 200
_ANY_BACKBONE = (
    'no setting freezes all of it: derive a class whose __init__ calls requires_grad_(False) '
    'and whose train() calls super().train(False),'
)


def learning_parameters(backbone: nn.Module) -> list[str]:
    """Name the parameters that have gradients."""
    return [key for key, value in backbone.named_parameters() if value.requires_grad]


def freezing_advice(model: ImageClassifier) -> str:
    """Say which settings freeze the backbone; change the model for that, see :func:`restored`."""
    backbone = model.backbone
    options = _options(backbone)
    if 'frozen' in options:
        return 'set model.backbone.frozen=True'
    settings: dict[str, int | bool] = {}
    if learning_parameters(backbone):
        stages = _stages_to_freeze(model) if 'frozen_stages' in options else None
        if stages is None:
            return _ANY_BACKBONE
        settings['frozen_stages'] = stages
    norms = [key for key in active_modules(backbone) if is_norm(backbone.get_submodule(key))]
    if norms and 'norm_eval' in options:
        backbone.norm_eval = settings['norm_eval'] = True
        model.train()
    for key in active_modules(backbone):
        drop = _drop_option(backbone.get_submodule(key), options)
        if drop is None:
            return _ANY_BACKBONE
        settings[drop] = 0
    return 'set ' + ', '.join(f'model.backbone.{key}={value}' for key, value in settings.items())


def _stages_to_freeze(model: ImageClassifier) -> int | None:
    """Find the least ``frozen_stages`` with which nothing learns, None if there is none."""
    backbone = model.backbone
    for stages in range(_MOST_STAGES):
        backbone.frozen_stages = stages
        try:
            backbone._freeze_stages()
            model.train()
        except (AttributeError, LookupError, ValueError, AssertionError, NotImplementedError):
            return None  # it has fewer stages
        if not learning_parameters(backbone):
            return stages
    return None


def _drop_option(module: nn.Module, options: set[str]) -> str | None:
    """Find the backbone's option that is the rate of a module."""
    if is_norm(module):
        return None
    path = 'path' in type(module).__name__.lower()
    return next(
        (key for key in sorted(options) if 'drop' in key and ('path' in key) == path), None
    )


def _options(backbone: nn.Module) -> set[str]:
    """Name all arguments of a backbone's class and its parents."""
    constructors = [vars(cls).get('__init__') for cls in type(backbone).__mro__]
    return {name for one in constructors if one for name in inspect.signature(one).parameters}


@contextmanager
def restored(model: ImageClassifier) -> Iterator[None]:
    """Restore afterwards all modes, the settings that are tried, and what learns."""
    backbone = model.backbone
    modes = {module: module.training for module in model.modules()}
    learning = {one: one.requires_grad for one in model.parameters()}
    keys = ('frozen_stages', 'norm_eval')
    settings = {key: vars(backbone)[key] for key in keys if key in vars(backbone)}
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
        for one, learns in learning.items():
            one.requires_grad = learns
        for key in keys:
            vars(backbone).pop(key, None)
        vars(backbone).update(settings)
