"""Modules that behave differently in train mode: dropout, batch norms, whatever asks for it."""

import types
from numbers import Real

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.dropout import _DropoutNd

from .plain import type_name

# mmpretrain's modules that ask for their mode but give the same in both: they keep what the next
# forward pass would compute again, or what gradients need; ours declare same_in_both_modes
_SAME_IN_BOTH = {
    'mmpretrain.models.utils.attention.LeAttention',
    *(f'mmpretrain.models.backbones.levit.{name}' for name in ('Attention', 'AttentionSubsample')),
    'mmpretrain.models.backbones.efficientformer.AttentionWithBias',
    'mmpretrain.models.backbones.revvit.RevTransformerEncoderLayer',
    'mmpretrain.models.backbones.revvit.RevVisionTransformer',
}
# modules of these are random at a rate, or not at all
_LIBRARIES = ('torch.', 'torchvision.', 'mmcv.', 'mmengine.')


def active_modules(backbone: nn.Module) -> list[str]:
    """Name the modules that give something else than in eval mode, or depend on their batch."""
    return [key for key, module in backbone.named_modules() if _is_active(module)]


def is_norm(module: nn.Module) -> bool:
    """Return whether a module is a norm with running statistics."""
    return isinstance(module, _NormBase)


def _is_active(module: nn.Module) -> bool:
    if isinstance(module, _BatchNorm) and module.running_mean is None:
        return True  # it uses statistics of the batch in both modes
    return module.training and _mode_matters(module)


def _mode_matters(module: nn.Module) -> bool:
    if isinstance(module, _NormBase):
        return module.running_mean is not None
    if isinstance(module, _DropoutNd):
        return module.p > 0
    if isinstance(module, nn.RReLU):
        return True
    rates = _rates(module)
    if _is_from_library(type(module)):
        return any(rates)
    if type_name(module) in _SAME_IN_BOTH or not _asks_for_its_mode(module):
        return False
    if vars(type(module)).get('same_in_both_modes', False):  # not inherited: forward may differ
        return False
    return any(rates) if rates else True  # without a rate, assume that the mode matters


def _rates(module: nn.Module) -> list[float]:
    """Return a module's probabilities of dropping something: ``drop_prob``, ``p``, ..."""
    own = [
        float(value)
        for key, value in vars(module).items()
        if ('drop' in key or key in ('p', 'prob'))
        and isinstance(value, Real)
        and not isinstance(value, bool)
    ]
    # a function may use the rate of a Dropout in the module
    return own + [part.p for part in module.children() if isinstance(part, _DropoutNd)]


def _asks_for_its_mode(module: nn.Module) -> bool:
    """Return whether ``forward``, or a method that it may call, reads ``training``."""
    todo, seen = ['forward'], set()
    while todo:
        name = todo.pop()
        seen.add(name)
        for cls in type(module).__mro__:
            member = vars(cls).get(name)
            function = member.fget if isinstance(member, property) else member
            if isinstance(function, types.FunctionType) and not _is_from_library(function):
                names = _names_in(function.__code__)
                if 'training' in names:
                    return True
                todo += names - seen
    return False


def _is_from_library(thing: type | types.FunctionType) -> bool:
    return thing.__module__.startswith(_LIBRARIES)


def _names_in(code: types.CodeType) -> set[str]:
    """Collect the names that a function and its inner functions use."""
    inner = [_names_in(one) for one in code.co_consts if isinstance(one, types.CodeType)]
    return set(code.co_names).union(*inner)
