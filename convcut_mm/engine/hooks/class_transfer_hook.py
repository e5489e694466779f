"""Fine-tuning on other classes: reuse the classifier rows of classes with the same name."""

import re
from collections.abc import Sequence

import torch
from mmengine.hooks import Hook

from ...errors import ConvcutError
from ...models.utils import classifier_layer
from ...models.utils.unwrap import bare_model

# how the folders of well-known data sets call the classes that papers call otherwise
ALIASES = {
    'angry': 'anger',
    'contemptuous': 'contempt',
    'disgusted': 'disgust',
    'fearful': 'fear',
    'happy': 'happiness',
    'sad': 'sadness',
    'surprised': 'surprise',
}


class ClassTransferHook(Hook):
    """Fits the classifier of pretrained weights to the classes that are trained on.

    Backbone and neck, and whatever the head has before its classifier, are loaded as they are. In
    the classifier, the layer that ``models.utils.classifier_layer`` finds, each class gets the row
    of the class of the same name ('happy' is 'happiness', case does not count); a class that the
    weights don't know starts anew. A run that resumes is left alone.

    It belongs to one training, so it is given to the runner and not written into a config: there
    it would change the checkpoints that are tested.

    Args:
        classes (Sequence[str]): Names of the classes that are trained on.
        pretrained_classes (Sequence[str], optional): Names of the weights' classes, for files that
            don't hold them. Defaults to None: without names in the file all classes start anew.
    """

    priority = 'HIGH'  # before CheckpointMatchHook, and before EMAHook takes its copy

    def __init__(
        self, classes: Sequence[str], pretrained_classes: Sequence[str] | None = None
    ) -> None:
        self.classes = tuple(classes)
        self.pretrained_classes = pretrained_classes

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Replace the classifier in the checkpoint that is about to be loaded."""
        if runner._resume:
            return
        if 'state_dict' not in checkpoint:  # a file of tensors only; EMAHook wants the key
            weights = dict(checkpoint)
            checkpoint.clear()
            checkpoint['state_dict'] = weights
        known = checkpoint_classes(checkpoint) or self.pretrained_classes or ()
        model = bare_model(runner)
        taken = transfer_classifier(
            checkpoint['state_dict'],
            model.state_dict(),
            known,
            self.classes,
            classifier_layer(model),
        )
        anew = [name for name in self.classes if name not in taken]
        runner.logger.info(
            f'Starting from {runner._load_from}; its classifier knows '
            f'{", ".join(taken) or "none of the classes"}'
            + (f'; starting anew: {", ".join(anew)}' if anew else '')
        )


def checkpoint_classes(checkpoint: dict) -> tuple | None:
    """Class names in a checkpoint of mmengine, None if it has none."""
    meta = checkpoint.get('meta') or {}
    classes = (meta.get('dataset_meta') or {}).get('classes') or meta.get('classes')
    return tuple(classes) if classes else None


def transfer_classifier(
    weights: dict[str, torch.Tensor],
    fresh: dict[str, torch.Tensor],
    known: Sequence[str],
    classes: Sequence[str],
    layer: str,
) -> list[str]:
    """Replace the classifier's rows in ``weights``.

    Args:
        weights: Pretrained state dict, changed in place.
        fresh: State dict of the model that is to be trained, with its initial values.
        known: Names of the rows in ``weights``.
        classes: Names of the rows in ``fresh``.
        layer: Name of the classifier, such as 'head.fc'.

    Returns:
        Those of ``classes`` whose rows were taken over.

    Raises:
        ConvcutError: Another number of names than of rows.
    """
    # mmengine strips the prefix of wrapped models when it loads
    originals = {re.sub(r'^module\.', '', key): key for key in weights}
    rows = {_canonical(name): number for number, name in enumerate(known)}
    taken = [name for name in classes if _canonical(name) in rows]
    for key in (f'{layer}.weight', f'{layer}.bias'):
        if key not in originals or key not in fresh:
            continue  # CheckpointMatchHook says what is missing
        old, new = weights[originals[key]], fresh[key].detach().cpu().clone()
        if known and len(old) != len(known):
            raise ConvcutError(
                f'pretrained weights: {len(known)} class names, but "{key}" has {len(old)} rows'
            )
        if old.shape[1:] != new.shape[1:]:
            continue  # another architecture, as CheckpointMatchHook will say
        for number, name in enumerate(classes):
            if name in taken:
                new[number] = old[rows[_canonical(name)]].to(new.dtype)
        weights[originals[key]] = new
    return taken


def _canonical(name: str) -> str:
    name = name.strip().casefold()
    return ALIASES.get(name, name)
