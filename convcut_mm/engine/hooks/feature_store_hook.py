"""Trains and tests on stored features of a frozen backbone."""

from dataclasses import fields

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError
from ...feature_store import StoreOptions, stored_loaders, take_features
from ...models.utils.unwrap import bare_model
from .epoch_seed_hook import EpochSeedHook


@HOOKS.register_module()
class FeatureStoreHook(Hook):
    """Replaces images by stored features for the length of a training or a test.

    ``tools/train.py CONFIG --cache-features`` or ``feature_store=dict(...)`` in a config put it
    among the hooks; ``custom_hooks=[dict(type='FeatureStoreHook')]`` does it in any program.
    Checkpoints are those of the whole model.

    Args:
        **options: Those of :class:`StoreOptions`: ``dir``, ``dtype``, ``compute``,
            ``batch_size``, ``resident``.

    Raises:
        ConvcutError: An unknown option.
    """

    priority = 'VERY_HIGH'

    def __init__(self, **options) -> None:
        known = [one.name for one in fields(StoreOptions)]
        for name in options:
            if name not in known:
                raise ConvcutError(
                    f'feature_store: unknown option "{name}", expected one of {", ".join(known)}'
                )
        self.options = StoreOptions(**options)
        self._take_images = None

    def before_train(self, runner) -> None:
        """Build the store, and puts features into the training and validation loops."""
        if not any(isinstance(hook, EpochSeedHook) for hook in runner.hooks):
            raise ConvcutError(
                'the feature store repeats the draws of EpochSeedHook, which is not among the '
                'hooks; add it to default_hooks'
            )
        loops = dict(train_dataloader=runner.train_loop)
        if runner.val_loop is not None:
            loops['val_dataloader'] = runner.val_loop
        self._start(runner, loops)

    def before_test(self, runner) -> None:
        """The same for the test loop."""
        self._start(runner, dict(test_dataloader=runner.test_loop))

    def after_train(self, runner) -> None:
        """Make the model take images again."""
        self._take_images()

    def after_test(self, runner, metrics=None) -> None:
        """Make the model take images again."""
        self._take_images()

    def _start(self, runner, loops: dict) -> None:
        model = bare_model(runner)
        loaders = {name: loop.dataloader for name, loop in loops.items()}
        stored = stored_loaders(model, loaders, self.options, runner.logger)
        for name, loop in loops.items():
            loop.dataloader = stored[name]
        self._take_images = take_features(model)
