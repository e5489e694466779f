"""Grad-CAM of several models over the same faces: Figure 5 of the paper."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Optional

import numpy as np
import torch
from matplotlib.figure import Figure
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from ..apis.classifier import Classifier, LabelledImage
from ..errors import ConvcutError
from ..models.utils import grad_cam_layer
from ..utils.plotting import styled
from .face_grid import (
    Row,
    add_scale,
    answer_caption,
    draw_face,
    draw_grid,
    draw_over_face,
    headers,
)

TARGETS = ('answer', 'true')


@dataclass
class Explanation:
    """Where a model looked.

    Attributes:
        heat (ndarray): (H, W) of the image, 0 to 1; 1 is the strongest place of this image.
        scores (ndarray): Class probabilities, (C,).
    """

    heat: np.ndarray
    scores: np.ndarray


def grad_cam(
    classifier: Classifier,
    image: LabelledImage,
    layer: Optional[str] = None,
    target: str = 'answer',
) -> Explanation:
    """Explains one answer by the gradient of a class's logit in a layer's map.

    Args:
        classifier (Classifier): The model.
        image (LabelledImage): The image, by itself: a batch of one.
        layer (str, optional): Name of a layer whose output is a map. Defaults to what the model
            says, see :func:`~convcut_mm.models.utils.grad_cam_layer.grad_cam_layer`.
        target (str): The class to explain, the model's 'answer' or the 'true' one. Defaults to
            'answer'.

    Raises:
        ConvcutError: No such layer, one without a map, or no true class.
    """
    label = None
    if target == 'true':
        if image.label is None:
            raise ConvcutError(
                f'{image.path}: not an image of the test set, so its true class is unknown; use '
                '--target answer'
            )
        label = image.label
    return explain(classifier, classifier.batch([image.path]), layer, label)


def explain(
    classifier: Classifier,
    inputs: torch.Tensor,
    layer: Optional[str] = None,
    label: Optional[int] = None,
) -> Explanation:
    """Explains the answer about an image that has gone through the data preprocessor.

    Args:
        classifier (Classifier): The model.
        inputs (Tensor): (1, 3, H, W), normalised.
        layer (str, optional): See :func:`grad_cam`.
        label (int, optional): The class to explain. Defaults to None: the model's answer.

    Raises:
        ConvcutError: No such layer, or one without a map.
    """
    layer = layer or grad_cam_layer(classifier.model, inputs)
    module = _find_layer(classifier, layer)
    as_map = partial(_as_map, module, layer)
    # a frozen backbone gives no gradients unless its input asks for them
    inputs = inputs.detach().requires_grad_()
    scores = _dry_run(classifier, module, inputs, as_map, layer)
    label = int(scores.argmax()) if label is None else label
    cam = GradCAM(classifier.model, [module], reshape_transform=as_map)
    try:
        (heat,) = cam(inputs, [ClassifierOutputTarget(label)])
    finally:
        cam.activations_and_grads.release()
    return Explanation(heat, scores)


def _find_layer(classifier: Classifier, name: str) -> nn.Module:
    layers = dict(classifier.model.named_modules())
    if not name or name not in layers:
        close = difflib.get_close_matches(name, layers, n=3, cutoff=0.4)
        hint = f'; did you mean {" or ".join(close)}?' if close else ''
        raise ConvcutError(f'--target-layer {name}: {classifier.name} has no such layer{hint}')
    return layers[name]


@torch.no_grad()
def _dry_run(
    classifier: Classifier, module: nn.Module, inputs: torch.Tensor, as_map: Any, layer: str
) -> np.ndarray:
    """The probabilities, (C,); a layer without a map is found out before any gradient."""
    seen = []
    handle = module.register_forward_hook(lambda *call: seen.append(as_map(call[-1])))
    try:
        (scores,) = classifier.model(inputs).softmax(dim=1).cpu().numpy()
    finally:
        handle.remove()
    if not seen:
        raise ConvcutError(f'--target-layer {layer}: not used by {classifier.name} in testing')
    return scores


def _as_map(module: nn.Module, layer: str, output: Any) -> torch.Tensor:
    """A layer's output as a map (N, C, H, W).

    Inside a ConvNeXt block channels come last: its norm and its linear layers see (N, H, W, C).
    """
    if isinstance(output, torch.Tensor) and output.ndim == 4:
        if isinstance(module, nn.Linear):
            return output.permute(0, 3, 1, 2)
        if isinstance(module, nn.LayerNorm) and output.shape[1] != module.normalized_shape[-1]:
            return output.permute(0, 3, 1, 2)
        if output.shape[2] * output.shape[3] > 1:
            return output
    shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
    raise ConvcutError(
        f'--target-layer {layer}: its output is {shape}, expected a map (N, C, H, W) with more '
        'than one position, as of backbone.stages.2'
    )


@styled
def draw_grad_cam(
    images: Sequence[LabelledImage],
    classifiers: Sequence[Classifier],
    explanations: Sequence[Sequence[Explanation]],
    target: str = 'answer',
) -> Figure:
    """Draws a column for each image: the image, then each model's Grad-CAM with its answer.

    Args:
        images (Sequence[LabelledImage]): The images.
        classifiers (Sequence[Classifier]): The models.
        explanations (Sequence[Sequence[Explanation]]): For each model, one for each image.
        target (str): What was explained, 'answer' or 'true'. Defaults to 'answer'.
    """
    classes = classifiers[0].classes
    rows = [
        Row('image', lambda axes, i: draw_face(axes, classifiers[0].picture(images[i].path))),
    ]
    for classifier, explained in zip(classifiers, explanations):

        def draw(axes, i, classifier=classifier, explained=explained) -> None:
            picture = classifier.picture(images[i].path)
            draw_over_face(axes, picture, explained[i].heat, most=1, smooth=False)

        captions = [
            answer_caption(item.scores, image.label, classes)
            for item, image in zip(explained, images)
        ]
        rows.append(Row(classifier.name, draw, captions))
    figure = draw_grid(headers(images, classes), rows)
    meaning = "the model's answer" if target == 'answer' else 'the true class'
    add_scale(
        figure, 1, f'Grad-CAM: evidence for {meaning}', {0: 'none', 1: 'strongest of the image'}
    )
    return figure
