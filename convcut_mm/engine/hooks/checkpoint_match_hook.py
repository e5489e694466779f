"""Refuse checkpoints of another architecture, which mmengine would load in part."""

from collections.abc import Sequence

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from ...models.utils import bare_model
from ...utils.checkpoint_fit import check_fits


@HOOKS.register_module()
class CheckpointMatchHook(Hook):
    """A hook that compares a checkpoint's weights with the model's before they are loaded.

    mmengine only logs the weights that differ, and goes on with random ones in their place.

    Args:
        ignore (Sequence[str]): Prefixes of keys that may differ, such as ``['head.fc.']`` to
            fine-tune on other classes. Defaults to ().
    """

    def __init__(self, ignore: Sequence[str] = ()) -> None:
        self.ignore = tuple(ignore)

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Raise a ConvcutError that names the first key that differs."""
        name = runner._load_from or 'checkpoint'
        check_fits(checkpoint, bare_model(runner), name, ignore=self.ignore)
