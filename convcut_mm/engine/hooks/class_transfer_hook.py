"""Fine-tune on other classes: reuse the classifier rows of classes with the same name."""

from collections.abc import Sequence

import torch
from mmengine.hooks import Hook

from ...errors import ConvcutError
from ...models.utils import bare_model, classifier_layer
from ...utils.checkpoint_fit import strip_wrapper

# names of folders in well-known data sets, and the names of the classes in papers
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
    """A hook that adapts the classifier of pretrained weights to the classes of the training.

    Each class reuses the classifier row of the class with the same name ('happy' is 'happiness',
    case is ignored); a class that the weights lack starts from random values. Weights outside the
    classifier (see ``models.utils.classifier_layer``) stay. A resumed training is not changed.

    Register it with the runner of one training instead of in a config, where it would also change
    the checkpoints that are tested.

    Args:
        classes (Sequence[str]): Class names of the training.
        pretrained_classes (Sequence[str], optional): Class names of the weights, for files without
            them. Defaults to None: if the file names no classes, all start from random values.
    """

    priority = 'HIGH'  # before CheckpointMatchHook, and before EMAHook copies the weights

    def __init__(
        self, classes: Sequence[str], pretrained_classes: Sequence[str] | None = None
    ) -> None:
        self.classes = tuple(classes)
        self.pretrained_classes = pretrained_classes

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Replace the classifier in the checkpoint before it is loaded."""
        if runner._resume:
            return
        if 'state_dict' not in checkpoint:  # a file of tensors only, but EMAHook needs the key
            weights = dict(checkpoint)
            checkpoint.clear()
            checkpoint['state_dict'] = weights
        known = checkpoint_classes(checkpoint) or self.pretrained_classes or ()
        model = bare_model(runner)
        reused = transfer_classifier(
            checkpoint['state_dict'],
            model.state_dict(),
            known,
            self.classes,
            classifier_layer(model),
        )
        new = [name for name in self.classes if name not in reused]
        runner.logger.info(
            f'Starting from {runner._load_from}; its classifier knows '
            f'{", ".join(reused) or "none of the classes"}'
            + (f'; new classes: {", ".join(new)}' if new else '')
        )


def checkpoint_classes(checkpoint: dict) -> tuple[str, ...] | None:
    """Return the class names in a checkpoint of mmengine, or None if it has none."""
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
    """Replace the classifier in ``weights`` by one for other classes.

    Args:
        weights: Pretrained state dict, changed in place.
        fresh: State dict of the model to train, with its initial values.
        known: Class names of the rows in ``weights``.
        classes: Class names of the rows in ``fresh``.
        layer: Name of the classifier, such as 'head.fc'.

    Returns:
        The names among ``classes`` whose rows are reused.

    Raises:
        ConvcutError: The numbers of names and rows differ.
    """
    originals = {strip_wrapper(key): key for key in weights}
    rows = {_canonical(name): number for number, name in enumerate(known)}
    reused = [name for name in classes if _canonical(name) in rows]
    for key in (f'{layer}.weight', f'{layer}.bias'):
        if key not in originals or key not in fresh:
            continue  # CheckpointMatchHook reports the missing key
        old, new = weights[originals[key]], fresh[key].detach().cpu().clone()
        if known and len(old) != len(known):
            raise ConvcutError(
                f'pretrained weights: {len(known)} class names, but "{key}" has {len(old)} rows'
            )
        if old.shape[1:] != new.shape[1:]:
            continue  # CheckpointMatchHook reports the other architecture
        for number, name in enumerate(classes):
            if name in reused:
                new[number] = old[rows[_canonical(name)]].to(new.dtype)
        weights[originals[key]] = new
    return reused


def _canonical(name: str) -> str:
    name = name.strip().casefold()
    return ALIASES.get(name, name)
