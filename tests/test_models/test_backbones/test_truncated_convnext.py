"""TruncatedConvNeXt: cuts, freezing, and loading of full checkpoints."""

import pytest
import torch
from mmpretrain.models import ConvNeXt

from convcut_mm import ConvcutError
from convcut_mm.models import TruncatedConvNeXt

SMALL = dict(depths=[1, 2, 4, 1], channels=[8, 16, 24, 32])


def full_convnext() -> ConvNeXt:
    torch.manual_seed(0)
    model = ConvNeXt(SMALL, layer_scale_init_value=0.5)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    model.train(False)
    return model


@pytest.fixture
def checkpoint(tmp_path):
    """A full classifier's checkpoint, as mmpretrain publishes them."""
    state = {f'backbone.{k}': v for k, v in full_convnext().state_dict().items()}
    state['head.fc.weight'] = torch.zeros(10, 32)
    path = tmp_path / 'full.pth'
    torch.save(dict(state_dict=state, meta={}), path)
    return path


def pretrained(path) -> dict:
    return dict(type='Pretrained', checkpoint=str(path), prefix='backbone.')


def test_released_cut_of_base_has_the_published_size():
    model = TruncatedConvNeXt('base', num_stages=3, num_blocks=23, half_block=True)
    whole = TruncatedConvNeXt('base', num_stages=4)
    assert sum(p.numel() for p in model.parameters()) == 51_640_448
    # 87,566,464 counts Keras' final norm, which the cut network has no use for
    assert sum(p.numel() for p in whole.parameters()) == 87_566_464 - 2 * 1024


@pytest.mark.parametrize(
    'stages,blocks,half',
    [
        (1, None, False),
        (2, None, False),
        (3, None, False),
        (4, None, False),
        (3, 2, False),
        (3, 2, True),
        (3, 0, True),
        (2, 1, True),
        (1, 0, True),
    ],
)
def test_every_cut_gives_the_full_network_s_map_at_that_place(stages, blocks, half):
    full = full_convnext()
    cut = TruncatedConvNeXt(SMALL, stages, blocks, half, layer_scale_init_value=0.5)
    cut.load_state_dict({k: full.state_dict()[k] for k in cut.state_dict()})
    x = torch.randn(2, 3, 64, 64)
    expected = x
    for i in range(stages):
        expected = full.downsample_layers[i](expected)
        kept = len(full.stages[i]) if i < stages - 1 or blocks is None else blocks
        for block in full.stages[i][:kept]:
            expected = block(expected)
    if half:
        block = full.stages[stages - 1][kept]
        expected = block.norm(block.depthwise_conv(expected))
    (actual,) = cut.eval()(x)
    assert torch.allclose(actual, expected, atol=1e-5)
    assert actual.shape == (
        2,
        SMALL['channels'][stages - 1],
        16 // 2 ** (stages - 1),
        16 // 2 ** (stages - 1),
    )


def test_the_part_cut_off_is_not_built():
    names = TruncatedConvNeXt(SMALL, 3, 2, True).state_dict()
    assert not [n for n in names if n.startswith(('stages.3', 'downsample_layers.3', 'norm'))]
    assert not [n for n in names if n.startswith('stages.2.2.') and 'pointwise' in n]
    assert not [n for n in names if n.startswith('stages.2.3.')]


def test_frozen_stays_in_eval_mode_with_its_output_norm():
    model = TruncatedConvNeXt(SMALL, 3, out_norm=True, frozen=True, drop_path_rate=0.5)
    assert model.train() is model
    assert not any(m.training for m in model.modules())
    assert not any(p.requires_grad for p in model.parameters())
    x = torch.randn(2, 3, 64, 64)
    assert torch.equal(model(x)[0], model(x)[0])
    open_model = TruncatedConvNeXt(SMALL, 3)
    assert open_model.train().training and open_model.eval().training is False


def test_output_norm_normalises_over_channels():
    model = TruncatedConvNeXt(SMALL, 3, out_norm=True)
    (out,) = model(torch.randn(2, 3, 64, 64))
    assert torch.allclose(out.mean(1), torch.zeros(2, 4, 4), atol=1e-5)
    assert torch.allclose(out.var(1, unbiased=False), torch.ones(2, 4, 4), atol=1e-2)


def test_memory_order_changes_nothing_but_rounding():
    model = TruncatedConvNeXt(SMALL, 3).eval()
    x = torch.randn(2, 3, 64, 64)
    last = model(x)[0]
    model.channels_last = False
    assert torch.allclose(last, model(x)[0], atol=1e-5)


@pytest.mark.parametrize(
    'cut',
    [dict(num_stages=3), dict(num_stages=3, num_blocks=2, half_block=True), dict(num_stages=4)],
)
def test_loads_a_full_checkpoint(checkpoint, cut):
    model = TruncatedConvNeXt(
        SMALL, layer_scale_init_value=0.5, frozen=True, init_cfg=pretrained(checkpoint), **cut
    )
    model.init_weights()
    full = full_convnext().state_dict()
    assert all(torch.equal(value, full[key]) for key, value in model.state_dict().items())


def change(checkpoint, **changes):
    data = torch.load(checkpoint, weights_only=True)
    for key, value in changes.items():
        key = 'backbone.' + key.replace('__', '.')
        data['state_dict'].pop(key, None)
        if value is not None:
            data['state_dict'][key] = value
    torch.save(data, checkpoint)
    return checkpoint


@pytest.mark.parametrize(
    'changes,named',
    [
        (dict(stages__2__1__gamma=None), 'lacks key "stages.2.1.gamma"'),
        (dict(stages__2__9__gamma=torch.zeros(24)), 'unknown key "stages.2.9.gamma"'),
        (dict(extra=torch.zeros(1)), 'unknown key "extra"'),
        (dict(stages__0__0__gamma=torch.zeros(9)), 'key "stages.0.0.gamma" has shape (9,)'),
    ],
)
def test_any_other_key_is_an_error_that_names_it(checkpoint, changes, named):
    change(checkpoint, **changes)
    model = TruncatedConvNeXt(
        SMALL, 3, layer_scale_init_value=0.5, init_cfg=pretrained(checkpoint)
    )
    with pytest.raises(ConvcutError) as error:
        model.init_weights()
    assert named in str(error.value) and str(checkpoint) in str(error.value)


def test_output_norm_is_missing_in_published_weights(checkpoint):
    model = TruncatedConvNeXt(
        SMALL, 3, layer_scale_init_value=0.5, out_norm=True, init_cfg=pretrained(checkpoint)
    )
    with pytest.raises(ConvcutError, match='norm2.bias'):
        model.init_weights()


@pytest.mark.parametrize(
    'kwargs,message',
    [
        (dict(arch='giant'), 'unknown ConvNeXt arch "giant"'),
        (dict(arch=dict(depths=[1, 1])), 'needs "depths" and "channels"'),
        (dict(num_stages=5), 'num_stages=5'),
        (dict(num_stages=0), 'num_stages=0'),
        (dict(num_blocks=28), 'num_blocks=28'),
        (dict(num_blocks=27, half_block=True), 'expected 0 to 26'),
        (dict(num_blocks=0), 'expected 1 to 27'),
        (dict(out_indices=[1]), 'out_indices'),
    ],
)
def test_impossible_cuts(kwargs, message):
    with pytest.raises(ConvcutError, match=message):
        TruncatedConvNeXt(**{'arch': 'base', **kwargs})


def test_depthwise_convolutions_train_in_float32_under_autocast():
    torch.manual_seed(0)
    model = TruncatedConvNeXt(SMALL)
    layer = model.stages[0][0].depthwise_conv
    x = torch.randn(2, 8, 6, 6, requires_grad=True)
    exact = layer(x)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        trained = layer(x.bfloat16())
        assert model(torch.randn(1, 3, 32, 32))[0].shape == (1, 24, 2, 2)
        with torch.no_grad():
            assert layer(x).dtype == torch.bfloat16  # features are computed faster so
    assert trained.dtype == torch.float32
    torch.testing.assert_close(trained, exact, rtol=0.02, atol=0.02)
    trained.sum().backward()
    assert layer.weight.grad.dtype == torch.float32


def reference_layer(name: str, third: int) -> tuple:
    """Layer and number of layers by hand, after the table of the ConvNeXt paper's program."""
    last = 12 if third > 9 else 6
    place, *numbers = name.split('.')
    if place not in ('stages', 'downsample_layers'):
        return last + 1, last + 2  # the output norm, neck and head learn at the base rate
    stage = int(numbers[0])
    if place == 'downsample_layers':
        return [0, 2, 3, last][stage], last + 2
    return [1, 2, min(3 + int(numbers[1]) // 3, last), last][stage], last + 2


@pytest.mark.parametrize(
    'arch,cut',
    [
        (dict(depths=[3, 3, 27, 3], channels=[2, 2, 4, 4]), dict(num_stages=3, out_norm=True)),
        (dict(depths=[3, 3, 27, 3], channels=[2, 2, 4, 4]), dict(num_blocks=23, half_block=True)),
        (dict(depths=[1, 1, 40, 1], channels=[2, 2, 4, 4]), dict(num_stages=4)),
        (SMALL, dict(num_stages=2)),
        (dict(depths=[1, 1, 12], channels=[2, 2, 4]), dict(num_stages=3)),
    ],
)
def test_layer_wise_decay_is_that_of_the_full_network(arch, cut):
    from mmpretrain.engine.optimizers import LearningRateDecayOptimWrapperConstructor
    from mmpretrain.models import ImageClassifier

    channels = arch['channels'][cut.get('num_stages', 3) - 1]
    model = ImageClassifier(
        dict(type='TruncatedConvNeXt', arch=arch, **cut),
        head=dict(type='LinearClsHead', num_classes=2, in_channels=channels),
    )
    optimizer = LearningRateDecayOptimWrapperConstructor(
        dict(optimizer=dict(type='SGD', lr=1e-3, weight_decay=0.05)), dict(layer_decay_rate=0.8)
    )(model).optimizer
    rates = {group['param_name']: group['lr'] for group in optimizer.param_groups}
    assert rates.keys() == dict(model.named_parameters()).keys()
    for name, rate in rates.items():
        layer, layers = reference_layer(name.removeprefix('backbone.'), arch['depths'][2])
        assert rate == pytest.approx(1e-3 * 0.8 ** (layers - 1 - layer)) and rate <= 1e-3, name
