"""Early stopping that survives a resume and ends with the best weights."""

import os

from mmengine.dist import barrier
from mmengine.hooks import EarlyStoppingHook
from mmengine.runner import BaseLoop, CheckpointLoader
from mmpretrain.registry import HOOKS

from ...models.utils.unwrap import bare_model


@HOOKS.register_module()
class BestWeightsEarlyStoppingHook(EarlyStoppingHook):
    """mmengine's ``EarlyStoppingHook`` as Keras' ``EarlyStopping(restore_best_weights=True)``.

    The count of epochs without improvement is kept in the checkpoint. After training the model
    gets the weights of the best checkpoint (``CheckpointHook(save_best=...)``) back.

    Args:
        **kwargs: Arguments of mmengine's ``EarlyStoppingHook``.
    """

    priority = 'LOW'  # before the checkpoint hook, so that the checkpoint holds this epoch's count

    def before_run(self, runner) -> None:
        """Check the training loop; the parent builds one, and its data, for a test too."""
        if isinstance(runner._train_loop, BaseLoop):
            super().before_run(runner)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Put the state into the checkpoint."""
        checkpoint['early_stopping'] = dict(
            wait_count=self.wait_count,
            best_score=float(self.best_score),
            stopped=bool(runner.train_loop.stop_training),
        )

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Take the state back when training is resumed."""
        state = checkpoint.get('early_stopping')
        if state and runner._resume:
            self.wait_count, self.best_score = state['wait_count'], state['best_score']
            runner.train_loop.stop_training = state['stopped']

    def after_train(self, runner) -> None:
        """Restore the best weights."""
        barrier()  # the main process may be writing it
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
