"""Compute the weights of a head's self-attention over positions, channels or the batch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..apis.classifier import Classifier, LabelledImage
from ..errors import ConvcutError


def attention_over(classifier: Classifier) -> str:
    """Return what the head attends over: 'spatial', 'channel' or 'batch'.

    Raises:
        ConvcutError: The model has no self-attention.
    """
    head: Any = classifier.model.head
    if getattr(head, 'attention_over', None) is None:
        raise ConvcutError(
            f'{classifier.name}: its head, a {type(head).__name__}, has no self-attention, so '
            'there are no weights to plot'
        )
    return head.attention_over


def _features_and_head(classifier: Classifier, paths: Sequence[str]) -> tuple[Any, Any]:
    model: Any = classifier.model  # nn.Module declares neither extract_feat nor head
    return model.extract_feat(classifier.batch(paths)), model.head


@torch.no_grad()
def position_attention(classifier: Classifier, path: str) -> np.ndarray:
    """Return the attention that each position of the neck's map receives, averaged over queries.

    Args:
        classifier (Classifier): A model with spatial attention.
        path (str): Image file.

    Returns:
        ndarray: (H, W) of the map; the sum is 1.

    Raises:
        ConvcutError: The map has only one position.
    """
    features, head = _features_and_head(classifier, [path])
    height, width = features[-1].shape[-2:]
    if height * width == 1:
        raise ConvcutError(
            f"{classifier.name}: the neck's map has one position, so there is no attention to "
            'plot; use larger images or fewer neck layers'
        )
    weights = head.attention_weights(features)
    return weights[0].mean(dim=0).reshape(height, width).cpu().numpy()


@torch.no_grad()
def channel_attention(classifier: Classifier, path: str) -> np.ndarray:
    """Return the attention between the channels of one image, strongest channels first.

    Args:
        classifier (Classifier): A model with channel attention.
        path (str): Image file.

    Returns:
        ndarray: (C, C); one row a query, the sum of each row is 1.
    """
    features, head = _features_and_head(classifier, [path])
    weights, tokens = head.attention_weights(features)[0], head.tokens(features)[0, :, 0]
    order = tokens.argsort(descending=True)
    return weights[order][:, order].cpu().numpy()


def class_ordered(images: Sequence[LabelledImage]) -> list[LabelledImage]:
    """Sort images by class, as the released data script reads them.

    Raises:
        ConvcutError: The class of an image is unknown.
    """
    for image in images:
        if image.label is None:
            raise ConvcutError(
                f'{image.path}: not an image of the test set, so its place in a class-ordered '
                'batch is unknown; use images of the test set or leave out --images'
            )
    return sorted(images, key=lambda image: image.label or 0)


@torch.no_grad()
def batch_attention(classifier: Classifier, paths: Sequence[str]) -> np.ndarray:
    """Return the attention between the images of one batch.

    Args:
        classifier (Classifier): A model with batch attention.
        paths (Sequence[str]): N image files.

    Returns:
        ndarray: (N, N); one row for each image that attends, the sum of each row is 1.
    """
    features, head = _features_and_head(classifier, paths)
    return head.attention_weights(features).cpu().numpy()


def attention_fractions(weights: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    """Return where the attention of an image goes, averaged over the images.

    Args:
        weights (ndarray): (N, N), see :func:`batch_attention`.
        labels (ndarray): (N,).

    Returns:
        tuple[float, float, float]: The fractions that go to the image itself, to others of its
        class, and to other classes; the sum is 1.
    """
    itself = float(np.mean(np.diag(weights)))
    same = labels[:, None] == labels[None, :]
    own_class = float(np.mean((weights * same).sum(axis=1)))
    return itself, own_class - itself, 1 - own_class
