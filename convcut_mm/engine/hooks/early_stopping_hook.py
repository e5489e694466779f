"""Stop early, also after a resume, and restore the best weights."""

import os

from mmengine.dist import barrier
from mmengine.hooks import EarlyStoppingHook
from mmengine.runner import BaseLoop, CheckpointLoader
from mmpretrain.registry import HOOKS

from ...models.utils import bare_model


@HOOKS.register_module()
class BestWeightsEarlyStoppingHook(EarlyStoppingHook):
    """mmengine's ``EarlyStoppingHook`` as Keras' ``EarlyStopping(restore_best_weights=True)``.

    Checkpoints store the number of epochs without improvement. After training, the weights of the
    best checkpoint (``CheckpointHook(save_best=...)``) are restored.

    Args:
        **kwargs: Arguments of mmengine's ``EarlyStoppingHook``.
    """

    priority = 'LOW'  # before the checkpoint hook, so that checkpoints include this epoch

    def before_run(self, runner) -> None:
        """Check the training loop, unless there is none: the parent would build it for a test."""
        if isinstance(runner._train_loop, BaseLoop):
            super().before_run(runner)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Store the state in the checkpoint."""
        checkpoint['early_stopping'] = dict(
            wait_count=self.wait_count,
            best_score=float(self.best_score),
            stopped=bool(runner.train_loop.stop_training),
        )

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Restore the state on resume."""
        state = checkpoint.get('early_stopping')
        if state and runner._resume:
            self.wait_count, self.best_score = state['wait_count'], state['best_score']
            runner.train_loop.stop_training = state['stopped']

    def after_train(self, runner) -> None:
        """Restore the best weights."""
        barrier()  # the main process may still be writing them
        best = runner.message_hub.runtime_info.get('best_ckpt')
        if not best or not os.path.isfile(best):
            runner.logger.warning(
                'No best checkpoint to restore; set default_hooks.checkpoint.save_best'
            )
            return
        bare_model(runner).load_state_dict(
            CheckpointLoader.load_checkpoint(best, 'cpu')['state_dict']
        )
        runner.logger.info(f'Restored the best weights from {best}')
