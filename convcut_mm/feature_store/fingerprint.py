"""Identity of stored features: all that they depend on, as plain data to compare and name."""

import hashlib
import json
from typing import Any

from torch import nn

from .plain import plain, settings_of, type_name, weights_sha256

# fields of an identity, in the words of messages
NAMES = dict(
    backbone='settings of the backbone',
    structure='structure of the backbone',
    weights="backbone's weights",
    preprocessor='data preprocessor',
    pipeline='pipeline',
    compute='number format of the forward pass',
    dtype='dtype',
)

# settings of ClsDataPreprocessor that touch no image
ABOUT_LABELS = ('num_classes', 'to_onehot', 'batch_augments')


def type_and_settings(thing: Any) -> dict:
    """Return type and plain settings of a transform or preprocessor."""
    settings = {
        key: plain(value)
        for key, value in vars(thing).items()
        if not key.startswith('_') and key != 'training'
    }
    return dict(type=type_name(thing), **{key: settings[key] for key in sorted(settings)})


def preprocessor_settings(preprocessor: nn.Module) -> dict:
    """Return the settings and buffers (mean, std) of a data preprocessor that change images."""
    buffers = {name: plain(buffer) for name, buffer in preprocessor.named_buffers()}
    settings = {**type_and_settings(preprocessor), **buffers}
    return {key: value for key, value in settings.items() if key not in ABOUT_LABELS}


def identity(
    backbone: nn.Module, preprocessor: nn.Module, pipeline: list[dict], dtype: str, compute: str
) -> dict:
    """Collect all that features depend on but the images.

    Args:
        backbone: The frozen backbone.
        preprocessor: The model's data preprocessor.
        pipeline: Types and settings of the deterministic transforms.
        dtype: Type of the stored numbers.
        compute: Type that the backbone computes in.

    Returns:
        Plain data with the keys of ``NAMES``.
    """
    return dict(
        backbone=dict(type=type_name(backbone), settings=settings_of(backbone)),
        structure=_structure_sha256(backbone),
        weights=weights_sha256(backbone),
        preprocessor=preprocessor_settings(preprocessor),
        pipeline=pipeline,
        compute=compute,
        dtype=dtype,
    )


def _structure_sha256(module: nn.Module) -> str:
    """Hash types and settings of all modules: sizes, strides, eps, every plain attribute."""
    # not repr(module), which mmengine extends by the origin of the weights
    lines = [
        f'{name} {type_name(part)} {part.extra_repr()} {json.dumps(settings_of(part))}'
        for name, part in module.named_modules()
    ]
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()


def differences(one: dict, other: dict) -> list[str]:
    """Say in words how two identities differ, ``one`` being the current one."""
    found = []
    for key, words in NAMES.items():
        if plain(one.get(key)) == plain(other.get(key)):
            continue
        if key == 'backbone':
            words = _backbone_difference(one[key], other[key])
        elif key == 'pipeline':
            words += f' ({_pipeline_difference(one[key], other[key])})'
        elif key in ('dtype', 'compute'):
            words += f' ({other[key]} then, {one[key]} now)'
        found.append(words)
    if not found and one.get('shape') != other.get('shape'):  # otherwise it follows from the rest
        found.append(f'shape of a row ({other["shape"]} then, {one["shape"]} now)')
    return found


def _backbone_difference(one: dict, other: dict) -> str:
    if one['type'] != other['type']:
        return 'type of the backbone'
    changes = _changes(one.get('settings') or {}, other.get('settings') or {})
    return f'settings of the backbone ({", ".join(changes[:3])}{", ..." if changes[3:] else ""})'


def _changes(one: dict, other: dict) -> list[str]:
    return [
        f'{key} {json.dumps(other.get(key))} then, {json.dumps(one.get(key))} now'
        for key in sorted({*one, *other})
        if one.get(key) != other.get(key)
    ]


def _pipeline_difference(one: list[dict], other: list[dict]) -> str:
    if [step['type'] for step in one] != [step['type'] for step in other]:
        return f'{pipeline_text(other)} then, {pipeline_text(one)} now'
    return ', '.join(
        f'{now["type"].rsplit(".", 1)[-1]}: {change}'
        for now, then in zip(one, other)
        for change in _changes(now, then)
    )


def pipeline_text(pipeline: list[dict]) -> str:
    """Name the transforms of an identity, with their sizes."""
    texts = []
    for transform in pipeline:
        size = transform.get('scale') or transform.get('crop_size')
        name = transform['type'].rsplit('.', 1)[-1]
        texts.append(name if size is None else f'{name} {json.dumps(size)}')
    return ', '.join(texts)
