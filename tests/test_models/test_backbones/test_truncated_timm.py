"""TruncatedTimm: cuts, freezing, loading of full checkpoints, and what the feature store asks."""

import json
import sys

import pytest
import torch
from mmpretrain.models import ImageClassifier

from convcut_mm import ConvcutError
from convcut_mm.feature_store import check_model
from convcut_mm.feature_store.fingerprint import identity
from convcut_mm.models import TruncatedTimm
from convcut_mm.models.utils import grad_cam_layer

timm = pytest.importorskip('timm')
LITE0 = 'tf_efficientnet_lite0'
CUTS = [1, 5, 7, None, 'pooled']


@pytest.fixture(scope='module')
def full():
    """A whole Lite0 whose norms are not those of the start."""
    torch.manual_seed(0)
    model = timm.create_model(LITE0)
    for name, value in model.state_dict().items():
        if 'running_' in name:
            torch.nn.init.uniform_(value, 0.5, 1.5)
    return model.eval()


@pytest.fixture(scope='module')
def checkpoint(full, tmp_path_factory):
    path = tmp_path_factory.mktemp('timm') / 'full.pth'
    torch.save(full.state_dict(), path)
    return path


def pretrained(path, **options) -> dict:
    return dict(type='Pretrained', checkpoint=str(path), **options)


@torch.no_grad()
@pytest.mark.parametrize('cut', CUTS)
def test_every_cut_gives_the_full_network_s_map_at_that_place(full, checkpoint, cut):
    model = TruncatedTimm(LITE0, cut, frozen=True, init_cfg=pretrained(checkpoint))
    model.init_weights()
    x = torch.randn(6, 3, 64, 64)
    expected = full.bn1(full.conv_stem(x))
    whole = not isinstance(cut, int)
    for group in full.blocks[: None if whole else cut]:
        expected = group(expected)
    if whole:
        expected = full.bn2(full.conv_head(expected))
    if cut == 'pooled':
        expected = expected.mean(dim=(2, 3))
    (found,) = model(x)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert model.out_channels == expected.shape[1]
    model.channels_last = False
    torch.testing.assert_close(model(x)[0], expected, rtol=1e-4, atol=1e-4)
    kept = {name for name in full.state_dict() if not model.is_cut_off(name)}
    assert {f'timm_model.{name}' for name in kept} == set(model.state_dict())
    groups = {name.split('.')[1] for name in kept if name.startswith('blocks.')}
    assert groups == {str(number) for number in range(7 if whole else cut)}


@torch.no_grad()
@pytest.mark.parametrize(
    'name, cut, layer, channels_last',
    [
        ('test_resnet', 2, 'layer2', False),
        ('test_convnext', 1, 'stages.1', False),
        ('test_vit', None, 'norm', False),
        ('swin_tiny_patch4_window7_224', 1, 'layers.1', True),
    ],
)
def test_other_families(name, cut, layer, channels_last):
    small = dict(embed_dim=24, depths=(1, 1, 1, 1)) if 'swin' in name else {}
    torch.manual_seed(0)
    model = TruncatedTimm(name, cut, **small).eval()
    torch.manual_seed(0)
    whole, seen = timm.create_model(name, **small).eval(), []
    whole.get_submodule(layer).register_forward_hook(lambda *args: seen.append(args[-1]))
    x = torch.randn(2, *whole.pretrained_cfg['input_size'])
    whole(x)
    expected = seen[0].permute(0, 3, 1, 2) if channels_last else seen[0]
    torch.testing.assert_close(model(x)[0], expected, rtol=1e-4, atol=1e-4)
    assert model.out_channels == expected.shape[1 if expected.ndim == 4 else 2]
    assert len(model.state_dict()) < len(whole.state_dict())


def test_frozen_stays_in_eval_mode():
    model = TruncatedTimm(LITE0, 5, frozen=True, drop_path_rate=0.5)
    assert model.train() is model
    assert not any(part.training for part in model.modules())
    assert not any(one.requires_grad for one in model.parameters())
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(model(x)[0], model(x)[0])
    learning = TruncatedTimm(LITE0, 2).train()
    assert learning.training and learning.timm_model.blocks[1].training
    learning(x)[0].sum().backward()
    assert all(one.grad is not None for one in learning.parameters())


@pytest.mark.parametrize(
    'change, named',
    [
        (lambda state: state.pop('blocks.4.0.bn1.bias'), 'lacks key "blocks.4.0.bn1.bias"'),
        (lambda state: state.update(extra=torch.zeros(1)), 'unknown key "extra"'),
        (lambda state: state.update({'bn1.bias': torch.zeros(3)}), '"bn1.bias" has shape (3,)'),
        (lambda state: state.clear(), 'lacks key'),
    ],
)
def test_any_other_key_is_an_error_that_names_it(full, tmp_path, change, named):
    state = dict(full.state_dict())
    change(state)
    torch.save(dict(state_dict={f'net.{k}': v for k, v in state.items()}), tmp_path / 'a.pth')
    model = TruncatedTimm(LITE0, 5, init_cfg=pretrained(tmp_path / 'a.pth', prefix='net.'))
    with pytest.raises(ConvcutError) as error:
        model.init_weights()
    assert named in str(error.value) and str(tmp_path / 'a.pth') in str(error.value)


def test_a_missing_file_says_what_writes_it(tmp_path):
    model = TruncatedTimm(LITE0, 5, init_cfg=pretrained(tmp_path / 'none.safetensors'))
    with pytest.raises(ConvcutError, match='none.safetensors: no such .*convcut convert-imagenet'):
        model.init_weights()


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(model_name='tf_efficientnet_lite9'), 'no model "tf_.*lite9"; similar names: tf_'),
        (dict(model_name='hf-hub:timm/resnet18'), 'has no model "hf-hub:timm/resnet18"'),
        (dict(out_index='last'), "out_index='last': expected a number"),
        (dict(out_index=8), r'lite0, out_index=8: .*out of range \(0 to 7\)'),
        (dict(pretrained=True), 'sets "pretrained" by itself'),
        (dict(depth=3), "lite0 of timm: .* unexpected keyword argument 'depth'"),
    ],
)
def test_impossible_cuts(options, message):
    with pytest.raises(ConvcutError, match=message) as error:
        TruncatedTimm(**{'model_name': LITE0, **options})
    assert '\n' not in str(error.value)


def test_without_timm_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, 'timm', None)
    with pytest.raises(ConvcutError, match=r'needs timm: pip install "convcut_mm\[imagenet\]"'):
        TruncatedTimm(LITE0)


def classifier(cut, frozen: bool = True) -> ImageClassifier:
    backbone = dict(type='TruncatedTimm', model_name=LITE0, out_index=cut, frozen=frozen)
    head = dict(type='LinearClsHead', num_classes=3, in_channels=8)
    return ImageClassifier(backbone, neck=dict(type='GlobalAveragePooling'), head=head)


def test_the_feature_store_takes_it_and_tells_cuts_apart():
    def known(cut) -> str:
        torch.manual_seed(0)
        model = classifier(cut)
        check_model(model)
        found = identity(model.backbone, model.data_preprocessor, [], 'float16', 'float32')
        return json.dumps(found, sort_keys=True)

    assert known(5) == known(5) and known(5) != known(4)
    assert '0x' not in known(5).replace('.10x', '')  # an address in memory is another each time
    with pytest.raises(ConvcutError, match='set model.backbone.frozen=True'):
        check_model(classifier(5, frozen=False))


def test_grad_cam_takes_the_last_map():
    x = torch.zeros(1, 3, 64, 64)
    assert grad_cam_layer(classifier(5).eval(), x) == 'backbone.timm_model.blocks.4'
