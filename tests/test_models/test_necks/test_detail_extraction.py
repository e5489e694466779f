"""DetailExtractionNeck equals a loop written from TensorFlow's definition."""

import math

import numpy as np
import pytest
import torch

from convcut_mm import ConvcutError
from convcut_mm.models import DetailExtractionNeck
from convcut_mm.models.necks.detail_extraction import DepthwiseSeparableConv


def reference(x: np.ndarray, conv: DepthwiseSeparableConv) -> np.ndarray:
    """One image (C, H, W), position by position."""
    k, s = conv.kernel_size, conv.stride
    depthwise = conv.depthwise.weight.detach().numpy()
    pointwise = conv.pointwise.weight.detach().numpy()[:, :, 0, 0]
    bias = conv.pointwise.bias.detach().numpy()
    _, h, w = x.shape
    if conv.padding == 'same':
        out_h, out_w = math.ceil(h / s), math.ceil(w / s)
        top = max((out_h - 1) * s + k - h, 0) // 2
        left = max((out_w - 1) * s + k - w, 0) // 2
    else:
        out_h, out_w = (h - k) // s + 1, (w - k) // s + 1
        top = left = 0
    out = np.zeros((len(bias), out_h, out_w))
    for i in range(out_h):
        for j in range(out_w):
            sums = np.zeros(len(x))
            for a in range(k):
                for b in range(k):
                    y, z = i * s + a - top, j * s + b - left
                    if 0 <= y < h and 0 <= z < w:
                        sums += depthwise[:, 0, a, b] * x[:, y, z]
            out[:, i, j] = np.maximum(pointwise @ sums + bias, 0)
    return out


@pytest.mark.parametrize('size', [14, 7, 4, 3, 5, 9])
@pytest.mark.parametrize('padding', ['same', 'valid'])
@pytest.mark.parametrize('kernel', [4, 2])
def test_separable_convolution(size, padding, kernel):
    if padding == 'valid' and size < kernel:
        pytest.skip('no output')
    torch.manual_seed(size)
    conv = DepthwiseSeparableConv(3, 5, kernel, kernel, padding)
    x = torch.randn(2, 3, size, size + 1)
    expected = np.stack([reference(image, conv) for image in x.numpy()])
    assert np.allclose(conv(x).detach().numpy(), expected, atol=1e-5)


def test_odd_totals_pad_at_the_end():
    """A 7x7 map under kernel and stride 4: nothing before, one after."""
    conv = DepthwiseSeparableConv(1, 1, 4, 4, 'same')
    torch.nn.init.ones_(conv.depthwise.weight)
    torch.nn.init.ones_(conv.pointwise.weight)
    torch.nn.init.zeros_(conv.pointwise.bias)
    out = conv(torch.ones(1, 1, 7, 7))[0, 0]
    assert out.tolist() == [[16, 12], [12, 9]]


@pytest.mark.parametrize('pixels,side', [(224, 14), (120, 7), (48, 3)])
@pytest.mark.parametrize('layers', [1, 2, 3])
@pytest.mark.parametrize('norm', [None, 'LN2d', 'BN'])
@pytest.mark.parametrize('position', ['before', 'after'])
def test_works_on_the_maps_of_usual_images(pixels, side, layers, norm, position):
    neck = DetailExtractionNeck(
        6, 8, layers, norm_cfg=norm and dict(type=norm), norm_position=position
    )
    neck.init_weights()
    (out,) = neck.train()((torch.randn(4, 6, side, side),))
    expected = side
    for kernel in (4, 2, 2)[:layers]:
        expected = math.ceil(expected / kernel)
    assert out.shape == (4, 8, expected, expected)
    out.sum().backward()
    assert all(p.grad is not None for p in neck.parameters())


def test_norm_position():
    x = torch.randn(2, 6, 7, 7) * 5 + 3
    before = DetailExtractionNeck(6, 8, norm_position='before', dropout=0).eval()
    scaled = before((x * 10,))[0]
    assert torch.allclose(scaled, before((x,))[0], atol=1e-4)  # the scale is gone before
    after = DetailExtractionNeck(6, 8, num_layers=1, norm_position='after', dropout=0).eval()
    out = after((x,))[0]
    assert torch.allclose(out.mean(1), torch.zeros(2, 2, 2), atol=1e-5)


def test_dropout_drops_whole_channels():
    neck = DetailExtractionNeck(6, 64, 1, norm_cfg=None, dropout=0.5)
    torch.nn.init.ones_(neck.convs[0].pointwise.bias)
    out = neck.train()(torch.rand(2, 6, 14, 14))[0].flatten(2)
    dropped = (out == 0).all(2)
    assert 0.2 < dropped.float().mean() < 0.8
    assert ((out == 0).any(2) == dropped).float().mean() > 0.9


def test_same_equals_the_released_padding_where_maps_are_even():
    torch.manual_seed(0)
    same = DetailExtractionNeck(6, 8).eval()
    released = DetailExtractionNeck(6, 8, padding=('same', 'valid')).eval()
    released.load_state_dict(same.state_dict())
    for side in (14, 7):
        x = torch.randn(2, 6, side, side)
        assert torch.equal(same(x)[0], released(x)[0])


def test_too_small_a_map_is_a_clear_error():
    neck = DetailExtractionNeck(6, 8, padding=('same', 'valid'))
    with pytest.raises(ConvcutError, match='layer 2 gets a 1x1 map, too small for its 2x2'):
        neck(torch.randn(1, 6, 3, 3))
    with pytest.raises(ConvcutError, match='layer 1 gets a 3x3 map'):
        DetailExtractionNeck(6, 8, padding='valid')(torch.randn(1, 6, 3, 3))


@pytest.mark.parametrize(
    'kwargs,message',
    [
        (dict(num_layers=4), 'num_layers=4'),
        (dict(num_layers=0), 'num_layers=0'),
        (dict(padding='full'), "padding='full'"),
        (dict(padding=('same',)), 'padding='),
        (dict(norm_position='between'), 'norm_position'),
        (dict(kernel_sizes=(4,)), 'kernel_sizes'),
    ],
)
def test_bad_options(kwargs, message):
    with pytest.raises(ConvcutError, match=message):
        DetailExtractionNeck(6, 8, **kwargs)


def test_wrong_channels_are_named():
    with pytest.raises(ConvcutError, match='neck.in_channels'):
        DetailExtractionNeck(6, 8)(torch.randn(1, 5, 14, 14))


def test_pooled_for_a_head_without_pooling():
    from mmpretrain.models.heads import LinearClsHead

    torch.manual_seed(0)
    feats = (torch.randn(3, 8, 6, 6),)
    neck = DetailExtractionNeck(8, 12, num_layers=1, kernel_sizes=(3,)).eval()
    pooled = DetailExtractionNeck(8, 12, num_layers=1, kernel_sizes=(3,), pool='avg').eval()
    pooled.load_state_dict(neck.state_dict())
    (vectors,), (maps,) = pooled(feats), neck(feats)
    assert maps.shape == (3, 12, 2, 2) and torch.allclose(vectors, maps.mean(dim=(2, 3)))
    assert LinearClsHead(5, 12)(pooled(feats)).shape == (3, 5)
    with pytest.raises(ConvcutError, match="pool='max': expected"):
        DetailExtractionNeck(pool='max')
