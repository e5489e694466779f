"""Whether a backbone gives the same features in every epoch, and which settings make it."""

import inspect
import types
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.dropout import _DropoutNd

from ..errors import ConvcutError
from ..models.utils import batch_dependent_parts
from .plain import type_name

# of mmpretrain: they look at their mode and give the same in both, but keep what the next forward
# pass would compute again, or what gradients need; our own say so by same_in_both_modes
_SAME_IN_BOTH = {
    'mmpretrain.models.utils.attention.LeAttention',
    *(f'mmpretrain.models.backbones.levit.{name}' for name in ('Attention', 'AttentionSubsample')),
    'mmpretrain.models.backbones.efficientformer.AttentionWithBias',
    'mmpretrain.models.backbones.revvit.RevTransformerEncoderLayer',
    'mmpretrain.models.backbones.revvit.RevVisionTransformer',
}
# whose modules draw at a rate, or not at all
_LIBRARIES = ('torch.', 'torchvision.', 'mmcv.', 'mmengine.')
_MOST_STAGES = 200
_ANY_BACKBONE = (
    'no setting freezes all of it: derive a class whose __init__ calls requires_grad_(False) '
    'and whose train() calls super().train(False),'
)


def check_frozen(model: nn.Module) -> None:
    """Whether nothing of a model's backbone learns, draws or looks at its batch while it trains.

    Asked in the modes that the model's own ``train()`` leaves, which stay as they were.

    Args:
        model (nn.Module): A model with ``backbone``.

    Raises:
        ConvcutError: It does; the message names the part and the settings that change it.
    """
    backbone = model.backbone
    name = type(backbone).__name__
    crowd = batch_dependent_parts(backbone)
    if crowd:
        raise ConvcutError(
            f'the feature store keeps features of single images, but of {name} {", ".join(crowd)} '
            'looks at the other images of the batch; train without the store'
        )
    with _as_before(model):
        model.train()
        learning, active = _learning(backbone), _active(backbone)
        if not learning and not active:
            return
        advice = _advice(model)
    if learning:
        what = f'{name} learns {learning[0]} and {len(learning) - 1} more'
    else:
        what = f'{active[0] or "the whole"} of {name} is in train mode while the model learns'
    raise ConvcutError(
        f'the feature store needs a frozen backbone, {what}; {advice} or train without the store'
    )


def _learning(backbone: nn.Module) -> list[str]:
    return [key for key, value in backbone.named_parameters() if value.requires_grad]


def _active(backbone: nn.Module) -> list[str]:
    """Names of the modules that give something else than in eval mode, or follow their batch."""
    return [key for key, module in backbone.named_modules() if _is_active(module)]


def _is_active(module: nn.Module) -> bool:
    if isinstance(module, _BatchNorm) and module.running_mean is None:
        return True  # statistics of the batch, in both modes
    return module.training and _mode_matters(module)


def _mode_matters(module: nn.Module) -> bool:
    if isinstance(module, _NormBase):
        return module.running_mean is not None
    if isinstance(module, _DropoutNd):
        return module.p > 0
    if isinstance(module, nn.RReLU):
        return True
    rates = _rates(module)
    if _from_library(type(module)):
        return any(rates)
    if type_name(module) in _SAME_IN_BOTH or not _asks_for_its_mode(module):
        return False
    if vars(type(module)).get('same_in_both_modes', False):  # not inherited: forward may differ
        return False
    return any(rates) if rates else True  # without a rate nobody knows what it does


def _rates(module: nn.Module) -> list[Real]:
    """The module's chances of dropping something: ``drop_prob``, ``attn_drop``, ``p``, ..."""
    own = [
        value
        for key, value in vars(module).items()
        if ('drop' in key or key in ('p', 'prob'))
        and isinstance(value, Real)
        and not isinstance(value, bool)
    ]
    # a function may use the rate of a Dropout in the module
    return own + [part.p for part in module.children() if isinstance(part, _DropoutNd)]


def _asks_for_its_mode(module: nn.Module) -> bool:
    """Whether ``forward``, or a method that it may call, reads ``training``."""
    todo, seen = ['forward'], set()
    while todo:
        name = todo.pop()
        seen.add(name)
        for cls in type(module).__mro__:
            member = vars(cls).get(name)
            function = member.fget if isinstance(member, property) else member
            if isinstance(function, types.FunctionType) and not _from_library(function):
                names = _names_in(function.__code__)
                if 'training' in names:
                    return True
                todo += names - seen
    return False


def _from_library(thing: type | types.FunctionType) -> bool:
    return thing.__module__.startswith(_LIBRARIES)


def _names_in(code: types.CodeType) -> set[str]:
    """Names that a function and the functions in it use."""
    inner = [_names_in(one) for one in code.co_consts if isinstance(one, types.CodeType)]
    return set(code.co_names).union(*inner)


def _advice(model: nn.Module) -> str:
    """Settings that make this backbone usable, tried on it; else what does for any backbone."""
    backbone = model.backbone
    options = _options(backbone)
    if 'frozen' in options:
        return 'set model.backbone.frozen=True'
    settings = {}
    if _learning(backbone):
        stages = _stages_to_freeze(model) if 'frozen_stages' in options else None
        if stages is None:
            return _ANY_BACKBONE
        settings['frozen_stages'] = stages
    norms = [key for key in _active(backbone) if _is_norm(backbone.get_submodule(key))]
    if norms and 'norm_eval' in options:
        backbone.norm_eval = settings['norm_eval'] = True
        model.train()
    for key in _active(backbone):
        drop = _drop_option(backbone.get_submodule(key), options)
        if drop is None:
            return _ANY_BACKBONE
        settings[drop] = 0
    return 'set ' + ', '.join(f'model.backbone.{key}={value}' for key, value in settings.items())


def _stages_to_freeze(model: nn.Module) -> int | None:
    """The least ``frozen_stages`` with which nothing learns, None if there is none."""
    backbone = model.backbone
    for stages in range(_MOST_STAGES):
        backbone.frozen_stages = stages
        try:
            backbone._freeze_stages()
            model.train()
        except (AttributeError, LookupError, ValueError, AssertionError, NotImplementedError):
            return None  # it has fewer stages
        if not _learning(backbone):
            return stages
    return None


def _is_norm(module: nn.Module) -> bool:
    return isinstance(module, _NormBase)


def _drop_option(module: nn.Module, options: set[str]) -> str | None:
    """Which of the backbone's options is the rate of that module."""
    if _is_norm(module):
        return None
    path = 'path' in type(module).__name__.lower()
    return next(
        (key for key in sorted(options) if 'drop' in key and ('path' in key) == path), None
    )


def _options(backbone: nn.Module) -> set[str]:
    """Names of all arguments of a backbone and its parents."""
    classes = [cls for cls in type(backbone).__mro__ if '__init__' in vars(cls)]
    return {name for cls in classes for name in inspect.signature(cls.__init__).parameters}


@contextmanager
def _as_before(model: nn.Module) -> Iterator[None]:
    """Afterwards all modes, and what learns and is set, are as they were."""
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
