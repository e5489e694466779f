"""Check that a backbone gives the same features in every epoch."""

from mmpretrain.models import ImageClassifier

from ..errors import ConvcutError
from ..models.utils import batch_dependent_parts
from .freezing_advice import freezing_advice, learning_parameters, restored
from .train_mode import active_modules


def check_frozen(model: ImageClassifier) -> None:
    """Refuse a model whose backbone learns, is random or looks at its batch during training.

    Check it in the modes that the model's own ``train()`` sets, and restore its modes.

    Raises:
        ConvcutError: The backbone is not frozen; the message names the part and the settings that
            freeze it.
    """
    backbone = model.backbone
    name = type(backbone).__name__
    dependent = batch_dependent_parts(backbone)
    if dependent:
        raise ConvcutError(
            f'the feature store keeps features of single images, but of {name} '
            f'{", ".join(dependent)} looks at the other images of the batch; train without the '
            'store'
        )
    with restored(model):
        model.train()
        learning, active = learning_parameters(backbone), active_modules(backbone)
        if not learning and not active:
            return
        advice = freezing_advice(model)
    if learning:
        what = f'{name} learns {learning[0]} and {len(learning) - 1} more'
    else:
        what = f'{active[0] or "the whole"} of {name} is in train mode while the model learns'
    raise ConvcutError(
        f'the feature store needs a frozen backbone, {what}; {advice} or train without the store'
    )
