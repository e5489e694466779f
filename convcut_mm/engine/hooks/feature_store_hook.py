"""Train and test on stored features of a frozen backbone."""

from collections.abc import Callable
from dataclasses import fields

from mmengine.hooks import Hook
from mmengine.runner import BaseLoop
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError
from ...feature_store import StoreOptions, stored_loaders, take_features
from ...models.utils import bare_model
from .epoch_seed_hook import EpochSeedHook


@HOOKS.register_module()
class FeatureStoreHook(Hook):
    """A hook that replaces images by stored features during a training or a test.

    ``tools/train.py CONFIG --cache-features`` or ``feature_store=dict(...)`` in a config add it;
    ``custom_hooks=[dict(type='FeatureStoreHook')]`` adds it in any program. Checkpoints hold the
    whole model.

    Args:
        **options: Options of :class:`StoreOptions`: ``dir``, ``dtype``, ``compute``,
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
        self._take_images: Callable[[], None] | None = None

    def before_train(self, runner) -> None:
        """Build the store, and feed features to the training and validation loops.

        Raises:
            ConvcutError: The hooks lack ``EpochSeedHook``, or the model cannot be split.
        """
        if not any(isinstance(hook, EpochSeedHook) for hook in runner.hooks):
            raise ConvcutError(
                'the feature store repeats the random numbers of EpochSeedHook, which is not '
                'among the hooks; add it to default_hooks'
            )
        loops = dict(train_dataloader=runner.train_loop)
        if runner.val_loop is not None:
            loops['val_dataloader'] = runner.val_loop
        self._start(runner, loops)

    def before_test(self, runner) -> None:
        """Build the store, and feed features to the test loop."""
        self._start(runner, dict(test_dataloader=runner.test_loop))

    def after_train(self, runner) -> None:
        """Make the model take images again."""
        self._stop()

    def after_test(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Make the model take images again."""
        self._stop()

    def _stop(self) -> None:
        if self._take_images is not None:
            self._take_images()

    def _start(self, runner, loops: dict[str, BaseLoop]) -> None:
        model = bare_model(runner)
        loaders = {name: loop.dataloader for name, loop in loops.items()}
        stored = stored_loaders(model, loaders, self.options, runner.logger)
        for name, loop in loops.items():
            loop.dataloader = stored[name]
        self._take_images = take_features(model)
