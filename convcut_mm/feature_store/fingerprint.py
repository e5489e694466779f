"""What stored features depend on, as plain data that can be compared and named."""

import hashlib
import json
from typing import Any

from torch import nn

from .plain import plain, settings_of, type_name, weights_sha256

# fields of an entry's identity, in the words of the messages
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


def describe(thing: Any) -> dict:
    """Type and plain settings of a transform or preprocessor."""
    settings = {
        key: plain(value)
        for key, value in vars(thing).items()
        if not key.startswith('_') and key != 'training'
    }
    return dict(type=type_name(thing), **{key: settings[key] for key in sorted(settings)})


def describe_preprocessor(preprocessor: nn.Module) -> dict:
    """Settings and buffers (mean, std) of a data preprocessor: what changes the images."""
    buffers = {name: plain(buffer) for name, buffer in preprocessor.named_buffers()}
    described = {**describe(preprocessor), **buffers}
    return {key: value for key, value in described.items() if key not in ABOUT_LABELS}


def identity(
    backbone: nn.Module, preprocessor: nn.Module, pipeline: list, dtype: str, compute: str
) -> dict:
    """Everything that features depend on but the images.

    Args:
        backbone (nn.Module): The frozen backbone.
        preprocessor (nn.Module): The model's data preprocessor.
        pipeline (list[dict]): The deterministic part of the pipeline, described.
        dtype (str): Type of the stored numbers.
        compute (str): Type that the backbone computes in.

    Returns:
        dict: Plain data with the keys of ``NAMES``.
    """
    return dict(
        backbone=dict(type=type_name(backbone), settings=settings_of(backbone)),
        structure=_structure_sha256(backbone),
        weights=weights_sha256(backbone),
        preprocessor=describe_preprocessor(preprocessor),
        pipeline=pipeline,
        compute=compute,
        dtype=dtype,
    )


def _structure_sha256(module: nn.Module) -> str:
    """Hash of all modules' types and settings: sizes, strides, eps, and every plain attribute."""
    # not repr(module), in which mmengine writes where the weights came from
    lines = [
        f'{name} {type_name(part)} {part.extra_repr()} {json.dumps(settings_of(part))}'
        for name, part in module.named_modules()
    ]
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()


def differences(one: dict, other: dict) -> list:
    """In which respects two identities differ, in words."""
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
    if not found and one.get('shape') != other.get('shape'):  # else it follows from the rest
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


def _pipeline_difference(one: list, other: list) -> str:
    if [step['type'] for step in one] != [step['type'] for step in other]:
        return f'{pipeline_text(other)} then, {pipeline_text(one)} now'
    return ', '.join(
        f'{now["type"].rsplit(".", 1)[-1]}: {change}'
        for now, then in zip(one, other)
        for change in _changes(now, then)
    )


def pipeline_text(pipeline: list) -> str:
    """Names of described transforms, with the sizes that they lead to."""
    texts = []
    for transform in pipeline:
        size = transform.get('scale') or transform.get('crop_size')
        name = transform['type'].rsplit('.', 1)[-1]
        texts.append(name if size is None else f'{name} {json.dumps(size)}')
    return ', '.join(texts)
