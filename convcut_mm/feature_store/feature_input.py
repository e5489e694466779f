"""The place where a model takes features instead of images."""

from collections.abc import Callable

import torch
from mmpretrain.models import ClsDataPreprocessor
from torch import nn

from ..errors import ConvcutError
from .frozen import check_frozen


def check_model(model: nn.Module) -> None:
    """Whether features of this model's backbone can be stored.

    Args:
        model (nn.Module): An ``ImageClassifier``.

    Raises:
        ConvcutError: The backbone is not frozen, or the data preprocessor draws.
    """
    if not hasattr(model, 'backbone') or not hasattr(model, 'extract_feat'):
        raise ConvcutError(
            f'the feature store needs an ImageClassifier, {type(model).__name__} has no backbone'
        )
    preprocessor = model.data_preprocessor
    if type(preprocessor) is not ClsDataPreprocessor:
        raise ConvcutError(
            f'the feature store knows no {type(preprocessor).__name__}, only ClsDataPreprocessor'
        )
    if preprocessor.batch_augments is not None:
        names = ', '.join(type(one).__name__ for one in preprocessor.batch_augments.augments)
        raise ConvcutError(
            f'the feature store knows no {names}: batch augmentations mix images, stored features '
            'are of single ones. Remove batch_augments or train without the store'
        )
    check_frozen(model)


def take_features(model: nn.Module) -> Callable:
    """From now on the model's inputs are maps of its backbone, not images.

    The backbone stays where it is, so that checkpoints are those of the whole model; only its
    ``forward`` is passed by. The data preprocessor is replaced by one that moves and casts, and
    does with labels what the other did.

    Args:
        model (nn.Module): A model that :func:`check_model` accepts.

    Returns:
        callable: Makes the model take images again.
    """
    backbone, preprocessor = model.backbone, model.data_preprocessor
    only_moves = ClsDataPreprocessor(
        to_onehot=preprocessor.to_onehot, num_classes=preprocessor.num_classes
    )
    model.data_preprocessor = only_moves.to(preprocessor.device)
    backbone.forward = _pass_by

    def take_images() -> None:
        model.data_preprocessor = preprocessor
        del backbone.forward

    return take_images


def _pass_by(features: torch.Tensor) -> tuple:
    return (features,)
