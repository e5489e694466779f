"""Identity of an entry: depends on everything that changes a feature, and nothing else."""

import json
from pathlib import Path

import pytest
import torch

from convcut_mm.feature_store.fingerprint import differences, identity, pipeline_text
from convcut_mm.feature_store.manifest import entry_folder, new_manifest
from convcut_mm.feature_store.views import Views


@pytest.fixture
def identity_of(make_model, pipeline, transforms):
    """Return the identity under changed settings; ``change`` gets the model."""

    def of(model=dict(), pipe=dict(), dtype='float16', compute='float32', change=None) -> dict:
        built = make_model(**model)
        if change is not None:
            change(built)
        views = Views(transforms(pipeline(**pipe)), 'train_dataloader')
        return identity(built.backbone, built.data_preprocessor, views.pipeline(), dtype, compute)

    return of


def folder(root: Path, identity: dict) -> Path:
    return entry_folder(root, new_manifest(identity, (2, 2, 24)))


@torch.no_grad()
def one_weight(model) -> None:
    model.backbone.stages[1][0].gamma[3] += 1e-6


def small(**changes) -> dict:
    return dict(model=dict(preprocessor=changes))


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(change=one_weight), ["backbone's weights"]),
        (small(mean=[120.0, 110.0, 100.5]), ['data preprocessor']),
        (small(std=[60.0, 50.0, 41.0]), ['data preprocessor']),
        (small(to_rgb=False), ['data preprocessor']),
        (small(pad_size_divisor=64), ['data preprocessor']),
        (small(pad_value=3), ['data preprocessor']),
        (
            dict(pipe=dict(size=48)),
            ['pipeline (Resize: scale [32, 32] then, [48, 48] now)'],
        ),
        (dict(dtype='float32'), ['dtype (float16 then, float32 now)']),
        (
            dict(compute='bfloat16'),
            ['number format of the forward pass (float32 then, bfloat16 now)'],
        ),
        (
            dict(model=dict(backbone=dict(out_norm=True))),
            [
                'settings of the backbone (out_norm_name null then, "norm2" now)',
                'structure of the backbone',
                "backbone's weights",
            ],
        ),
        (
            dict(change=one_weight, dtype='bfloat16'),
            ["backbone's weights", 'dtype (float16 then, bfloat16 now)'],
        ),
    ],
)
def test_what_changes_features_is_named(identity_of, tmp_path, settings, words):
    before, now = identity_of(), identity_of(**settings)
    assert differences(now, before) == words
    assert folder(tmp_path, now) != folder(tmp_path, before)


@pytest.mark.parametrize(
    'change', [dict(interpolation='nearest'), dict(backend='pillow'), dict(keep_ratio=True)]
)
def test_settings_of_a_transform_count(identity_of, change):
    (words,) = differences(identity_of(pipe=change), identity_of())
    assert words.startswith('pipeline (')


def test_what_changed_in_a_transform_is_named(identity_of):
    (words,) = differences(identity_of(pipe=dict(interpolation='nearest')), identity_of())
    then, now = words.removeprefix('pipeline (').removesuffix(' now)').split(' then, ')
    assert then != now


@pytest.mark.parametrize(
    'settings',
    [
        dict(),
        small(num_classes=9),
        small(num_classes=7, to_onehot=True),
        dict(model=dict(head=dict(num_classes=9))),
        dict(pipe=dict(flip=0.1)),
        dict(pipe=dict(flip=None)),
        dict(pipe=dict(flip=0.5, direction=['horizontal', 'vertical'])),
        dict(change=lambda model: model.train()),
        dict(change=lambda model: model.neck.requires_grad_(False)),
    ],
)
def test_what_changes_no_feature_does_not_count(identity_of, tmp_path, settings):
    before, now = identity_of(), identity_of(**settings)
    assert now == before and differences(now, before) == []
    assert folder(tmp_path, now) == folder(tmp_path, before)


def test_where_weights_came_from_does_not_count(identity_of):
    """The same weights from a moved file: init_cfg is part of a module's repr."""
    settings = [dict(type='Pretrained', checkpoint=f'{name}.pth') for name in ('here', 'there')]
    here, there = (identity_of(model=dict(backbone=dict(init_cfg=one))) for one in settings)
    assert differences(there, here) == []


def test_names_of_weights_count(identity_of):
    """Two swapped tensors are other weights."""

    @torch.no_grad()
    def swap(model):
        norm = model.backbone.downsample_layers[1][0]
        weight, bias = norm.weight.clone(), norm.bias.clone()
        norm.weight.copy_(bias)
        norm.bias.copy_(weight)

    assert differences(identity_of(change=swap), identity_of()) == ["backbone's weights"]


def test_a_manifest_compares_as_what_was_written(identity_of, tmp_path):
    found = identity_of()
    read = json.loads(json.dumps(found))
    assert differences(found, read) == []
    assert folder(tmp_path, read) == folder(tmp_path, found)


def test_another_backbone_is_named(identity_of):
    one = identity_of()
    other = {**one, 'backbone': dict(type='mmpretrain.models.backbones.resnet.ResNet')}
    assert differences(one, other) == ['type of the backbone']


def test_pipeline_text(identity_of):
    assert pipeline_text(identity_of()['pipeline']) == 'LoadImageFromFile, Resize [32, 32]'
