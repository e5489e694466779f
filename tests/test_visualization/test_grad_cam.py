"""Grad-CAM against one written by hand, on every layer, and what the plot shows."""

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from convcut_mm.apis.classifier import LabelledImage
from convcut_mm.errors import ConvcutError
from convcut_mm.models.utils import grad_cam_layer
from convcut_mm.visualization.grad_cam import (
    Explanation,
    grad_cam,
    plot_grad_cam,
)
from convcut_mm.visualization.sampling import choose_images

FROZEN = 'model = dict(backbone=dict(frozen=True))'


def default_layer(model) -> str:
    return grad_cam_layer(model.model, model.batch([model.test_images[0].path]))


def by_hand(model, path: str, layer: str, label: int, channels_last: bool) -> np.ndarray:
    """Selvaraju et al. (2017), equations 1 and 2, scaled to the image and to 0 to 1."""
    module, kept = model.model.get_submodule(layer), []
    handle = module.register_forward_hook(lambda *call: kept.append(call[-1]))
    logits = model.model(model.batch([path]).requires_grad_())
    handle.remove()
    (gradient,) = torch.autograd.grad(logits[0, label], kept[0])
    maps, gradient = kept[0].detach()[0].numpy(), gradient[0].numpy()
    if channels_last:
        maps, gradient = maps.transpose(2, 0, 1), gradient.transpose(2, 0, 1)
    alpha = gradient.mean(axis=(1, 2))
    heat = np.maximum(sum(a * m for a, m in zip(alpha, maps)), 0)
    heat = cv2.resize(heat, (64, 64))  # its extremes may lie between the pixels
    return (heat - heat.min()) / np.ptp(heat)


@pytest.mark.parametrize(
    'layer,channels_last',
    [
        ('backbone.stages.2.1', False),
        ('backbone.stages.1', False),
        ('backbone.stages.2.1.depthwise_conv', False),
        ('backbone.stages.2.1.norm', True),
        ('backbone.stages.2.0.pointwise_conv1', True),
        ('neck.convs.0.pointwise', False),
    ],
)
@pytest.mark.parametrize('extra', ['', FROZEN])
def test_as_by_hand(layer, channels_last, extra, classifier):
    model = classifier(extra=extra)
    image = model.test_images[0]
    for target, label in (('true', image.label), ('answer', None)):
        explanation = grad_cam(model, image, layer, target)
        if label is None:
            label = int(explanation.probabilities.argmax())
        expected = by_hand(model, image.path, layer, label, channels_last)
        assert explanation.heat == pytest.approx(expected, abs=2e-3)
        assert explanation.heat.max() == pytest.approx(1, abs=1e-3)


def test_the_default_is_the_last_block_and_scores_are_the_model_s(classifier):
    model = classifier()
    image = model.test_images[5]
    assert default_layer(model) == 'backbone.stages.2.1'
    explanation = grad_cam(model, image)
    assert (explanation.heat == grad_cam(model, image, 'backbone.stages.2.1').heat).all()
    with torch.no_grad():
        scores = F.softmax(model.model(model.batch([image.path])), dim=1)[0]
    assert explanation.probabilities == pytest.approx(scores.numpy(), abs=1e-6)
    assert not any(module._forward_hooks for module in model.model.modules())


def test_the_default_is_a_norm_where_one_follows_the_backbone(classifier):
    before = "model = dict(neck=dict(norm_position='before', in_channels=24))"
    model = classifier(extra=before)
    image = model.test_images[5]
    assert default_layer(model) == 'neck.norm'
    explanation = grad_cam(model, image)
    label = int(explanation.probabilities.argmax())
    expected = by_hand(model, image.path, 'neck.norm', label, channels_last=True)
    assert explanation.heat == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(
    'layer,message',
    [
        ('backbone.stage.2', 'no such layer; did you mean .*backbone.stages.2'),
        ('head.fc', r'its output is \(1, 7\), expected a map'),
        ('backbone', 'its output is tuple, expected a map'),
        ('head.loss_module', 'tiny does not use it in testing'),
    ],
)
def test_layers_without_a_map(layer, message, classifier):
    model = classifier()
    with pytest.raises(ConvcutError, match=message):
        grad_cam(model, model.test_images[0], layer)


def test_the_true_class_has_to_be_known(classifier):
    model = classifier()
    with pytest.raises(ConvcutError, match='its true class is unknown'):
        grad_cam(model, LabelledImage(model.test_images[0].path, None), target='true')


def test_a_backbone_without_maps_needs_a_layer(classifier):
    model = classifier()
    model.model.backbone = torch.nn.Identity()
    with pytest.raises(ConvcutError, match='a Identity has no layer .*--target-layer'):
        default_layer(model)


def test_a_backbone_that_names_none_is_explained_by_its_last_map(classifier):
    model = classifier()
    layers = [torch.nn.Conv2d(3, 16, 3, 4, 1), torch.nn.ReLU(), torch.nn.Conv2d(16, 24, 3, 4, 1)]
    model.model.backbone = torch.nn.Sequential(*layers, torch.nn.Dropout(0.0))
    assert default_layer(model) == 'backbone.3'
    assert grad_cam(model, model.test_images[0]).heat.shape == (64, 64)


def test_the_picture_shows_images_heats_and_predictions(classifier, legible):
    models = [classifier(name='baseline', seed=1), classifier(name='Conv-cut')]
    images = choose_images(models[0])
    scores = np.eye(7) * 0.5 + 0.5 / 7
    random = np.random.default_rng(0)
    heats = random.random((2, 7, 64, 64))
    explanations = [
        [Explanation(heats[0, i], scores[i]) for i in range(7)],  # all right
        [Explanation(heats[1, i], scores[3]) for i in range(7)],  # all happy
    ]
    figure = plot_grad_cam(images, models, explanations)
    cells, scale = np.reshape(figure.axes[:21], (3, 7)), figure.axes[21]
    assert [cell.get_title() for cell in cells[0]] == list(models[0].classes)
    assert [cell.get_ylabel() for cell in cells[:, 0]] == ['image', 'baseline', 'Conv-cut']
    for column, image in enumerate(images):
        picture = models[0].picture(image.path)
        assert (cells[0, column].images[0].get_array() == picture).all()
        for row in (0, 1):
            assert (cells[row + 1, column].images[1].get_array() == heats[row, column]).all()
    assert [cell.get_xlabel() for cell in cells[1]] == [
        f'{name}\n57 %' for name in models[0].classes
    ]
    assert [cell.get_xlabel().startswith('✗ happiness') for cell in cells[2]] == [
        index != 3 for index in range(7)
    ]
    assert scale.get_xlabel() == 'Grad-CAM: evidence for the predicted class'
    assert [tick.get_text() for tick in scale.get_xticklabels()] == [
        'none',
        'strongest in the image',
    ]
    legible(figure)
