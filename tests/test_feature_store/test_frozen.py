"""Which backbones count as frozen, the advice for others, and features of frozen ones."""

import pytest
import torch
from mmpretrain.models.backbones import MobileNetV2
from mmpretrain.registry import MODELS
from torch import nn

from convcut_mm.errors import ConvcutError
from convcut_mm.feature_store import check_model
from convcut_mm.feature_store.fingerprint import differences, identity

RESNET = dict(type='ResNet', depth=18, norm_eval=True)
VIT = dict(
    type='VisionTransformer',
    arch=dict(embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=16),
    img_size=32,
    patch_size=16,
)
SWIN = dict(
    type='SwinTransformer',
    arch=dict(embed_dims=8, depths=[1, 1], num_heads=[1, 2]),
    img_size=32,
    window_size=4,
    out_indices=(1,),
    drop_path_rate=0.0,
)


@MODELS.register_module(force=True)
class FrozenMobileNetV2(MobileNetV2):
    """The advice for a backbone without a setting that freezes it."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.requires_grad_(False)

    def train(self, mode: bool = True):
        return super().train(False)


class Noisy(nn.Module):
    """A module that is random at a rate that nobody can read."""

    def forward(self, x):
        return self.noise(x)

    def noise(self, x):
        return x + torch.rand_like(x) if self.training else x


class Quiet(nn.Module):
    """A module that asks for its mode outside of the forward pass."""

    def forward(self, x):
        return x

    def reset(self):
        self.train(self.training)


@pytest.fixture(scope='module')
def build():
    """Build a classifier on that backbone, with random weights from a fixed seed."""

    def make(backbone: dict):
        torch.manual_seed(0)
        return MODELS.build(
            dict(
                type='ImageClassifier',
                backbone=backbone,
                head=dict(type='LinearClsHead', num_classes=7, in_channels=16),
                data_preprocessor=dict(
                    type='ClsDataPreprocessor', mean=[120.0, 110, 100], std=[60.0, 50, 40]
                ),
            )
        )

    return make


def refusal(model) -> str:
    before = [module.training for module in model.modules()]
    learning = [one.requires_grad for one in model.parameters()]
    settings = dict(vars(model.backbone))
    with pytest.raises(ConvcutError) as error:
        check_model(model)
    assert '\n' not in str(error.value)
    # trying settings to find the advice leaves no trace
    assert [module.training for module in model.modules()] == before
    assert [one.requires_grad for one in model.parameters()] == learning
    assert vars(model.backbone) == settings
    return str(error.value)


FROZEN = [
    dict(RESNET, frozen_stages=4),
    dict(RESNET, frozen_stages=3, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1))
    | dict(out_indices=(2,)),
    dict(VIT, frozen_stages=3, out_type='featmap'),
    dict(VIT, frozen_stages=3),
    dict(VIT, frozen_stages=3, out_type='raw'),
    dict(SWIN, frozen_stages=1),
    dict(type='FrozenMobileNetV2'),
]


@pytest.mark.parametrize('backbone', FROZEN, ids=lambda one: one['type'])
def test_features_of_a_frozen_backbone_are_those_of_images(
    build, backbone, train_set, make_loader, stored
):
    model = build(backbone)
    loader = make_loader(train_set)
    ours = stored(model, dict(train_dataloader=loader), dtype='float32')['train_dataloader']
    train_set.set_epoch(0, 0)
    model.train()  # as the runner does
    for batch, real in zip(ours, loader, strict=True):
        with torch.no_grad():
            expected = model.backbone(model.data_preprocessor(real)['inputs'])[0]
        torch.testing.assert_close(batch['inputs'], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    'backbone, learns, advice',
    [
        (dict(RESNET, frozen_stages=3), 'layer4.0.conv1.weight', dict(frozen_stages=4)),
        (dict(type='ResNet', depth=18), 'conv1.weight', dict(frozen_stages=4)),
        (dict(VIT, frozen_stages=1), 'layers.1.ln1.weight', dict(frozen_stages=3)),
        (
            dict(VIT, drop_rate=0.1, drop_path_rate=0.1),
            'cls_token',
            dict(frozen_stages=3, drop_rate=0, drop_path_rate=0),
        ),
        (dict(SWIN, drop_path_rate=0.1), 'patch_embed', dict(frozen_stages=1)),
    ],
    ids=str,
)
def test_advice_for_a_partly_frozen_backbone(build, backbone, learns, advice):
    text = refusal(build(backbone))
    assert f'{backbone["type"]} learns {learns}' in text
    told = ', '.join(f'model.backbone.{key}={value}' for key, value in advice.items())
    assert f'; set {told} or train without the store' in text
    check_model(build({**backbone, **advice}))


def test_drop_rates_of_a_backbone_that_learns_nothing(build):
    model = build(dict(VIT, frozen_stages=3, drop_rate=0.1))
    text = refusal(model)
    assert 'drop_after_pos of VisionTransformer is in train mode while the model learns' in text
    assert '; set model.backbone.drop_rate=0 or train' in text


def test_norms_of_a_backbone_that_learns_nothing(build):
    model = build(dict(type='ResNet', depth=18))
    model.backbone.requires_grad_(False)
    text = refusal(model)
    assert 'bn1 of ResNet is in train mode' in text
    assert '; set model.backbone.norm_eval=True or train' in text
    # modes that the next model.train() resets do not count
    model.backbone.eval()
    assert 'bn1 of ResNet is in train mode' in refusal(model)


def test_a_backbone_without_a_setting_that_freezes_it(build):
    text = refusal(build(dict(type='MobileNetV2', frozen_stages=7, norm_eval=True)))
    assert 'MobileNetV2 learns conv2.conv.weight' in text
    assert 'derive a class whose __init__ calls requires_grad_(False)' in text


def test_a_model_that_keeps_its_backbone_in_eval_mode(build):
    model = build(dict(type='ResNet', depth=18))
    model.backbone.requires_grad_(False)
    train = type(model).train

    class Keeps(type(model)):
        def train(self, mode=True):
            train(self, mode)
            self.backbone.eval()
            return self

    model.__class__ = Keeps
    check_model(model)


def test_own_modules_that_ask_for_their_mode(build):
    model = build(dict(VIT, frozen_stages=3))
    model.backbone.pre_norm = Quiet()
    check_model(model)
    model.backbone.pre_norm = Noisy()
    assert 'pre_norm of VisionTransformer is in train mode' in refusal(model)


def test_statistics_of_the_batch_are_refused(build):
    """Such a norm follows its batch in eval mode too."""
    model = build(dict(VIT, frozen_stages=3))
    model.backbone.pre_norm = nn.BatchNorm1d(5, affine=False, track_running_stats=False).eval()
    assert 'pre_norm of VisionTransformer' in refusal(model)
    model.backbone.pre_norm = nn.InstanceNorm1d(5)
    check_model(model)
    model.backbone.pre_norm.batch_dependent = True
    assert 'of VisionTransformer pre_norm (InstanceNorm1d) looks at the other' in refusal(model)


def test_timm(build, train_set, make_loader, stored):
    pytest.importorskip('timm')
    from mmpretrain.models.backbones import TIMMBackbone

    text = refusal(build(dict(type='TIMMBackbone', model_name='test_vit')))
    assert 'TIMMBackbone learns' in text and 'derive a class' in text

    @MODELS.register_module(force=True)
    class FrozenTIMM(TIMMBackbone):
        def __init__(self, **options) -> None:
            super().__init__(**options)
            self.requires_grad_(False)

        def train(self, mode: bool = True):
            return super().train(False)

    model = build(dict(type='FrozenTIMM', model_name='test_vit', img_size=32))
    ours = stored(model, dict(train_dataloader=make_loader(train_set)), dtype='float32')
    assert next(iter(ours['train_dataloader']))['inputs'].ndim == 3


@pytest.mark.parametrize(
    'backbone, one, other',
    [
        (dict(VIT, frozen_stages=3, out_type='featmap'), 1, 2),
        (dict(RESNET, frozen_stages=4), (2,), (3,)),
    ],
    ids=['VisionTransformer', 'ResNet'],
)
def test_other_outputs_of_the_same_weights_are_other_entries(build, backbone, one, other):
    def found(out_indices) -> dict:
        model = build({**backbone, 'out_indices': out_indices})
        return identity(model.backbone, model.data_preprocessor, [], 'float16', 'float32')

    first, second = found(one), found(other)
    assert first['weights'] == second['weights']
    names = [list(value) if isinstance(value, tuple) else [value] for value in (one, other)]
    assert differences(second, first)[0] == (
        f'settings of the backbone (out_indices {names[0]} then, {names[1]} now)'
    )
    assert found(one) == first
