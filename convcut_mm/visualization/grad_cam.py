"""Compute and plot Grad-CAMs of several models over the same faces: Figure 5 of the paper."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from ..apis.classifier import Classifier, LabelledImage
from ..errors import ConvcutError
from ..models.utils import grad_cam_layer
from ..utils.plotting import styled
from . import face_grid


@dataclass
class Explanation:
    """The Grad-CAM of one image.

    Attributes:
        heat: (H, W) of the image, 0 to 1; 1 is the strongest evidence in this image.
        probabilities: Class probabilities, (C,).
    """

    heat: np.ndarray
    probabilities: np.ndarray


def grad_cam(
    classifier: Classifier,
    image: LabelledImage,
    layer: str | None = None,
    target: str = 'answer',
) -> Explanation:
    """Explain a class by the gradient of its logit with respect to a layer's map.

    Args:
        classifier (Classifier): The model.
        image (LabelledImage): The image, tested in a batch of one.
        layer (str, optional): Name of a layer whose output is a map. Defaults to the model's own
            choice, see :func:`~convcut_mm.models.utils.grad_cam_layer.grad_cam_layer`.
        target (str): The class to explain, the predicted one ('answer') or the true one
            ('true'). Defaults to 'answer'.

    Raises:
        ConvcutError: No such layer, a layer without a map, or an unknown true class.
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
    layer: str | None = None,
    label: int | None = None,
) -> Explanation:
    """Explain a class of an image that the data preprocessor has normalised.

    Args:
        classifier (Classifier): The model.
        inputs (Tensor): (1, 3, H, W), normalised.
        layer (str, optional): See :func:`grad_cam`.
        label (int, optional): The class to explain. Defaults to None: the predicted class.

    Raises:
        ConvcutError: No such layer, or a layer without a map.
    """
    layer = layer or grad_cam_layer(classifier.model, inputs)
    module = _find_layer(classifier, layer)
    as_map = partial(_as_map, module, layer)
    # a frozen backbone has gradients only if its input requires them
    inputs = inputs.detach().requires_grad_()
    probabilities = _dry_run(classifier, module, inputs, as_map, layer)
    label = int(probabilities.argmax()) if label is None else label
    cam = GradCAM(classifier.model, [module], reshape_transform=as_map)
    try:
        (heat,) = cam(inputs, [ClassifierOutputTarget(label)])
    finally:
        cam.activations_and_grads.release()
    return Explanation(heat, probabilities)


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
    """Return the probabilities, (C,), and check before any gradient that the layer has a map."""
    seen = []
    handle = module.register_forward_hook(lambda *call: seen.append(as_map(call[-1])))
    try:
        (probabilities,) = classifier.model(inputs).softmax(dim=1).cpu().numpy()
    finally:
        handle.remove()
    if not seen:
        raise ConvcutError(
            f'--target-layer {layer}: {classifier.name} does not use it in testing; name another'
        )
    return probabilities


def _as_map(module: nn.Module, layer: str, output: Any) -> torch.Tensor:
    """Return a layer's output as a map (N, C, H, W).

    Inside a ConvNeXt block, norm and linear layers compute (N, H, W, C).
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
def plot_grad_cam(
    images: Sequence[LabelledImage],
    classifiers: Sequence[Classifier],
    explanations: Sequence[Sequence[Explanation]],
    target: str = 'answer',
) -> Figure:
    """Plot a column for each image: the image, then each model's Grad-CAM and prediction.

    Args:
        images (Sequence[LabelledImage]): The images.
        classifiers (Sequence[Classifier]): The models.
        explanations (Sequence[Sequence[Explanation]]): For each model, one for each image.
        target (str): What was explained, 'answer' or 'true'. Defaults to 'answer'.
    """
    classes = classifiers[0].classes
    rows = [face_grid.face_row(classifiers[0], images)]
    for classifier, explained in zip(classifiers, explanations):

        def plot(axes: Axes, i: int, classifier=classifier, explained=explained) -> None:
            picture = classifier.picture(images[i].path)
            face_grid.plot_over_face(axes, picture, explained[i].heat, highest=1)

        probabilities = [item.probabilities for item in explained]
        captions = face_grid.prediction_captions(probabilities, images, classes)
        rows.append(face_grid.GridRow(classifier.name, plot, captions))
    figure = face_grid.plot_grid(face_grid.headers(images, classes), rows)
    meaning = 'the predicted class' if target == 'answer' else 'the true class'
    face_grid.add_scale(
        figure, 1, f'Grad-CAM: evidence for {meaning}', {0: 'none', 1: 'strongest in the image'}
    )
    return figure
