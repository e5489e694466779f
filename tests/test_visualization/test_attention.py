"""Attention weights against ones computed by hand, and where the plots put them."""

import numpy as np
import pytest
import torch

from convcut_mm.apis.classifier import LabelledImage
from convcut_mm.errors import ConvcutError
from convcut_mm.visualization.attention import (
    attention_fractions,
    attention_over,
    batch_attention,
    channel_attention,
    class_ordered,
    position_attention,
)
from convcut_mm.visualization.attention_figure import (
    plot_batch_attention,
    plot_channel_attention,
    plot_position_attention,
)
from convcut_mm.visualization.sampling import choose_images


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def neck_map(model, path: str) -> np.ndarray:
    with torch.no_grad():
        return model.model.extract_feat(model.batch([path]))[-1][0].double().numpy()


def test_positions_by_hand(classifier):
    model = classifier('spatial')
    path = model.test_images[2].path
    maps = neck_map(model, path)  # (16, 2, 2)
    tokens = maps.reshape(16, 4).T
    expected = softmax(tokens @ tokens.T / 4).mean(axis=0).reshape(2, 2)
    fractions = position_attention(model, path)
    assert fractions == pytest.approx(expected, abs=1e-5) and fractions.sum() == pytest.approx(1)
    assert np.ptp(fractions) > 0.01


def test_channels_by_hand_strongest_first(classifier):
    model = classifier('channel')
    path = model.test_images[2].path
    pooled = np.sort(neck_map(model, path).mean(axis=(1, 2)))[::-1]
    expected = softmax(np.outer(pooled, pooled))
    assert channel_attention(model, path) == pytest.approx(expected, abs=1e-5)


def test_batch_by_hand(classifier):
    model = classifier('batch')
    paths = [image.path for image in model.test_images[:6]]
    pooled = np.stack([neck_map(model, path).mean(axis=(1, 2)) for path in paths])
    expected = softmax(pooled @ pooled.T / 4)
    assert batch_attention(model, paths) == pytest.approx(expected, abs=1e-5)


def test_shares_by_hand():
    weights = np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
    # itself (0.5 + 0.25 + 0.75) / 3; others of the class (0.25 + 0.5 + 0) / 3
    fractions = attention_fractions(weights, np.array([0, 0, 4]))
    assert fractions == pytest.approx((0.5, 0.25, 0.25))


def test_models_without_attention_or_positions(classifier):
    with pytest.raises(ConvcutError, match='a SelfAttentionClsHead, has no self-attention'):
        attention_over(classifier(None))
    assert [attention_over(classifier(kind)) for kind in ('spatial', 'channel', 'batch')] == [
        'spatial',
        'channel',
        'batch',
    ]
    # 4x4 maps under a 4x4 kernel leave one position
    one = classifier(extra='model = dict(neck=dict(kernel_sizes=(4,)))')
    with pytest.raises(ConvcutError, match='map has one position'):
        position_attention(one, one.test_images[0].path)


def test_class_order_needs_classes(classifier):
    images = classifier().test_images
    ordered = class_ordered(images[::-1])
    assert [image.label for image in ordered] == sorted(image.label for image in images)
    with pytest.raises(ConvcutError, match='own.png: not an image of the test set'):
        class_ordered([LabelledImage('own.png', None)])


# ---- pictures ----------------------------------------------------------------------------------


def test_the_picture_of_positions(classifier, legible):
    model = classifier('spatial')
    images = choose_images(model)
    figure = plot_position_attention(model, images)
    cells, scale = np.reshape(figure.axes[:14], (2, 7)), figure.axes[14]
    assert [cell.get_title() for cell in cells[0]] == list(model.classes)
    pred_labels = model.probabilities([image.path for image in images]).argmax(axis=1)
    fractions = [100 * position_attention(model, image.path) for image in images]
    most = max(map(np.max, fractions))
    for cell, fraction, pred_label, image in zip(cells[1], fractions, pred_labels, images):
        heat = cell.images[1]
        assert np.asarray(heat.get_array()) == pytest.approx(fraction) and heat.get_clim() == (
            0,
            most,
        )
        # each number stands in the middle of its quarter of the 64 pixels
        assert {text.get_position(): text.get_text() for text in cell.texts} == {
            (15.5, 15.5): f'{fraction[0, 0]:.0f}',
            (47.5, 15.5): f'{fraction[0, 1]:.0f}',
            (15.5, 47.5): f'{fraction[1, 0]:.0f}',
            (47.5, 47.5): f'{fraction[1, 1]:.0f}',
        }
        assert model.classes[pred_label] in cell.get_xlabel()
        assert cell.get_xlabel().startswith('✗') == (pred_label != image.label)
    assert scale.get_xlabel() == (
        '% of the attention that each of 2 x 2 positions receives (if equal: 25.0)'
    )
    assert scale.get_xlim() == (0, most)
    legible(figure)


def test_the_picture_of_channels(classifier, legible):
    model = classifier('channel')
    images = choose_images(model)[:3]
    figure = plot_channel_attention(model, images)
    cells, scale = np.reshape(figure.axes[:6], (2, 3)), figure.axes[6]
    for cell, image in zip(cells[1], images):
        matrix = np.asarray(cell.images[0].get_array())
        assert matrix == pytest.approx(16 * channel_attention(model, image.path))
        assert matrix.mean() == pytest.approx(1)
    assert '16 channels, strongest first' in scale.get_xlabel()
    legible(figure)


def test_the_picture_of_a_batch(legible):
    labels = np.repeat([0, 1, 3], 4)
    same = labels[:, None] == labels[None]
    weights = np.where(same, 0.2, 0.025)  # rows sum to 1
    classes = ('surprise', 'fear', 'disgust', 'happiness')
    figure = plot_batch_attention(weights, labels, classes)
    panel, scale = figure.axes
    assert np.asarray(panel.images[0].get_array()) == pytest.approx(100 * weights)
    names = ['surprise', 'fear', 'happiness']  # no disgust among the images
    assert [tick.get_text() for tick in panel.get_yticklabels()] == names
    assert [tick.get_text() for tick in panel.get_xticklabels()] == names
    assert panel.get_yticks().tolist() == [1.5, 5.5, 9.5]
    edges = [line.get_xdata()[0] for line in panel.lines if line.get_xdata()[0] != 0]
    assert edges == [3.5, 7.5]
    assert panel.get_title('left') == (
        'One class-ordered batch of 12 test images. An image attends\n'
        '20 % to itself, 60 % to others of its class, 20 % to other classes'
    )
    assert scale.get_ylabel() == '% of the attention of an image'
    legible(figure)
