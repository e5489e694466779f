"""Refuses checkpoints of another architecture, which mmengine would load in part."""

from collections.abc import Sequence

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError
from ...models.utils.unwrap import bare_model
from ...utils.checkpoint import mismatch


@HOOKS.register_module()
class CheckpointMatchHook(Hook):
    """Compares the names and shapes of a checkpoint's weights with the model's before loading.

    mmengine only logs what does not fit and goes on with random weights in its place.

    Args:
        ignore (Sequence[str]): Prefixes of keys that may differ, such as ``['head.fc.']`` to
            fine-tune on other classes. Defaults to ().
    """

    def __init__(self, ignore: Sequence[str] = ()) -> None:
        self.ignore = tuple(ignore)

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Raises a ConvcutError that names the first key that differs."""
        problem = mismatch(
            checkpoint.get('state_dict', checkpoint), bare_model(runner).state_dict(), self.ignore
        )
        if problem:
            raise ConvcutError(
                f'{runner._load_from or "checkpoint"}: a checkpoint of another '
                f'architecture than the config, {problem}'
            )
