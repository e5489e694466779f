"""The weights of a head's self-attention over positions, channels or the images of a batch."""

from collections.abc import Sequence

import numpy as np
import torch

from ..apis.classifier import Classifier, LabelledImage
from ..errors import ConvcutError


def attention_over(classifier: Classifier) -> str:
    """What the head attends over: 'spatial', 'channel' or 'batch'.

    Raises:
        ConvcutError: The model has no self-attention.
    """
    head = classifier.model.head
    if getattr(head, 'attention_over', None) is None:
        raise ConvcutError(
            f'{classifier.name}: its head, a {type(head).__name__}, has no self-attention, so '
            'there are no weights to draw'
        )
    return head.attention_over


@torch.no_grad()
def position_attention(classifier: Classifier, path: str) -> np.ndarray:
    """How much attention each position of the neck's map gets, the mean over all queries.

    Args:
        classifier (Classifier): A model with spatial attention.
        path (str): Image file.

    Returns:
        ndarray: Shares (H, W) of the map, their sum is 1.

    Raises:
        ConvcutError: The map has one position.
    """
    features = classifier.model.extract_feat(classifier.batch([path]))
    height, width = features[-1].shape[-2:]
    if height * width == 1:
        raise ConvcutError(
            f'{classifier.name}: the neck leaves one position, so its attention changes nothing '
            'and there is nothing to draw; larger images or fewer neck layers leave more'
        )
    weights = classifier.model.head.attention_weights(features)
    return weights[0].mean(dim=0).reshape(height, width).cpu().numpy()


@torch.no_grad()
def channel_attention(classifier: Classifier, path: str) -> np.ndarray:
    """The attention between the channels of one image, strongest channels first.

    Args:
        classifier (Classifier): A model with channel attention.
        path (str): Image file.

    Returns:
        ndarray: (C, C); a row for each query, its sum is 1.
    """
    head = classifier.model.head
    features = classifier.model.extract_feat(classifier.batch([path]))
    weights, tokens = head.attention_weights(features)[0], head.tokens(features)[0, :, 0]
    order = tokens.argsort(descending=True)
    return weights[order][:, order].cpu().numpy()


def class_ordered(images: Sequence[LabelledImage]) -> list:
    """The images sorted by class, as the released data script reads them.

    Raises:
        ConvcutError: The class of one is not known.
    """
    for image in images:
        if image.label is None:
            raise ConvcutError(
                f'{image.path}: not an image of the test set, so its place in a class-ordered '
                'batch is unknown; use images of the test set or leave --images out'
            )
    return sorted(images, key=lambda image: image.label)


@torch.no_grad()
def batch_attention(classifier: Classifier, paths: Sequence[str]) -> np.ndarray:
    """The attention between images that are tested in one batch.

    Args:
        classifier (Classifier): A model with batch attention.
        paths (Sequence[str]): Image files, N of them.

    Returns:
        ndarray: (N, N); a row for each image that attends, its sum is 1.
    """
    features = classifier.model.extract_feat(classifier.batch(paths))
    return classifier.model.head.attention_weights(features).cpu().numpy()


def attention_shares(weights: np.ndarray, labels: np.ndarray) -> tuple:
    """Where the attention of an image goes on average.

    Args:
        weights (ndarray): (N, N), see :func:`batch_attention`.
        labels (ndarray): (N,).

    Returns:
        tuple[float, float, float]: To the image itself, to others of its class, to other classes;
        their sum is 1.
    """
    itself = float(np.mean(np.diag(weights)))
    same = labels[:, None] == labels[None, :]
    own_class = float(np.mean((weights * same).sum(axis=1)))
    return itself, own_class - itself, 1 - own_class
