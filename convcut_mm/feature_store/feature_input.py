"""Features as the input of a model, in the place of images."""

from collections.abc import Callable

import torch
from mmpretrain.models import ClsDataPreprocessor, ImageClassifier

from ..errors import ConvcutError
from .frozen import check_frozen


def check_model(model: ImageClassifier) -> None:
    """Refuse a model whose features can't be stored.

    Args:
        model: An ``ImageClassifier``.

    Raises:
        ConvcutError: The model has no backbone, the backbone is not frozen, or the data
            preprocessor is random.
    """
    if not hasattr(model, 'backbone') or not hasattr(model, 'extract_feat'):
        raise ConvcutError(
            f'the feature store needs an ImageClassifier, {type(model).__name__} has no backbone'
        )
    preprocessor = model.data_preprocessor
    if type(preprocessor) is not ClsDataPreprocessor:
        raise ConvcutError(
            f'the feature store does not support {type(preprocessor).__name__}, only '
            'ClsDataPreprocessor'
        )
    if preprocessor.batch_augments is not None:
        names = ', '.join(type(one).__name__ for one in preprocessor.batch_augments.augments)
        raise ConvcutError(
            f'the feature store does not support {names}: batch augmentations mix images, stored '
            'features are of single images. Remove batch_augments or train without the store'
        )
    check_frozen(model)


def take_features(model: ImageClassifier) -> Callable[[], None]:
    """Make a model take maps of its backbone as inputs, not images.

    The backbone stays in the model, so that checkpoints are complete; only its ``forward`` is
    bypassed. The data preprocessor is replaced by one that moves and casts inputs, and treats
    labels as before.

    Args:
        model: A model that :func:`check_model` accepts.

    Returns:
        A function that makes the model take images again.
    """
    backbone, preprocessor = model.backbone, model.data_preprocessor
    mover = ClsDataPreprocessor(
        to_onehot=preprocessor.to_onehot, num_classes=preprocessor.num_classes
    )
    model.data_preprocessor = mover.to(preprocessor.device)
    backbone.forward = _pass_through

    def take_images() -> None:
        model.data_preprocessor = preprocessor
        del backbone.forward

    return take_images


def _pass_through(features: torch.Tensor) -> tuple[torch.Tensor]:
    return (features,)
