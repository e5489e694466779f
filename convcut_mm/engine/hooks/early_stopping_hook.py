"""Stop early as Keras does, also after a resume."""

import math
import os
from typing import Any

from mmengine.dist import barrier
from mmengine.hooks import CheckpointHook, EarlyStoppingHook
from mmengine.runner import BaseLoop, CheckpointLoader
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError
from ...models.utils import bare_model
from ...utils.atomic_backend import ATOMIC_BACKEND
from ...utils.work_folder import END_OF_TRAINING


@HOOKS.register_module()
class KerasEarlyStoppingHook(EarlyStoppingHook):
    """mmengine's ``EarlyStoppingHook`` as Keras' ``EarlyStopping(restore_best_weights=True)``.

    - An epoch is an improvement if it is better than the best one by **more** than ``min_delta``;
      mmengine also takes one that is better by exactly ``min_delta``.
    - The best weights are those of the last improvement, not of the best epoch: smaller steps up
      do not count.
    - They are put back **only if the training is stopped early**. A training that ends by its
      number of epochs ends with the last weights.

    The weights at the end are written to ``end_of_training.pth`` in the work folder. The best ones
    are among the last ``patience + 1`` checkpoints, so the checkpoint hook is made to keep that
    many; it has to save each epoch. Checkpoints store the state of this hook.

    Args:
        monitor (str): Metric of the validation.
        rule (str): 'greater' or 'less', what is better.
        min_delta (float): In the unit of the metric; 0.3 for Keras' 0.003 if that is per cent.
        patience (int): Epochs in a row without improvement that stop the training.
        restore (bool): Put the best weights back if the training is stopped, and write
            ``end_of_training.pth``. Defaults to True.

    Raises:
        ConvcutError: With ``restore``, not every epoch is validated and saved.
    """

    priority = 'LOW'  # before the checkpoint hook, so that checkpoints include this epoch
    best_score: float  # set by the parent

    def __init__(
        self, monitor: str, rule: str, min_delta: float, patience: int, restore: bool = True
    ) -> None:
        super().__init__(monitor, rule, min_delta, strict=True, patience=patience)
        self.restore = restore
        self.best_epoch = 0  # finished epochs at the last improvement
        self.stopped = False

    def before_run(self, runner) -> None:
        """Check the training loop, unless there is none: the parent would build it for a test."""
        if isinstance(runner._train_loop, BaseLoop):
            super().before_run(runner)

    def before_train(self, runner) -> None:
        """Have the checkpoint hook keep the weights that may be put back."""
        if not self.restore:
            return
        saving = [hook for hook in runner.hooks if isinstance(hook, CheckpointHook)]
        if runner.train_loop.val_interval != 1 or not any(hook.interval == 1 for hook in saving):
            raise ConvcutError(
                'KerasEarlyStoppingHook: each epoch has to be validated and saved; set '
                'train_cfg.val_interval=1 and default_hooks.checkpoint.interval=1'
            )
        for hook in saving:
            if hook.max_keep_ckpts > 0:
                hook.max_keep_ckpts = max(hook.max_keep_ckpts, self.patience + 1)

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Count the epoch, and stop the training if it is the last that patience has."""
        before = self.best_score
        super().after_val_epoch(runner, metrics)
        if self.best_score != before:
            self.best_epoch = runner.epoch

    def _check_stop_condition(self, current_score: float) -> tuple[bool, str]:
        better = self.rule_map[self.rule]
        if better(current_score - self.min_delta, self.best_score):
            self.best_score, self.wait_count = current_score, 0
            return False, ''
        self.wait_count += 1
        message = (
            f'Stop early: {self.monitor} did not improve by more than {abs(self.min_delta):g} in '
            f'the last {self.wait_count} epochs; the best one counted is {self.best_score:.3f}'
        )
        self.stopped = self.wait_count >= self.patience
        return self.stopped, message

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Store the state in the checkpoint."""
        checkpoint['early_stopping'] = dict(
            wait_count=self.wait_count,
            best_score=float(self.best_score),
            best_epoch=self.best_epoch,
            stopped=self.stopped,
        )

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Restore the state on resume."""
        state = checkpoint.get('early_stopping')
        if not runner._resume or state is None:
            return
        _check_state(state)
        self.wait_count, self.best_score = state['wait_count'], state['best_score']
        self.best_epoch, self.stopped = state['best_epoch'], state['stopped']
        runner.train_loop.stop_training = self.stopped

    def after_train(self, runner) -> None:
        """Put the best weights back if the training was stopped early, and write the end.

        Raises:
            ConvcutError: The checkpoint of the best epoch is gone.
        """
        if not self.restore:
            return
        barrier()  # the main process may still be writing checkpoints
        if self.stopped:
            best = os.path.join(runner.work_dir, f'epoch_{self.best_epoch}.pth')
            weights = CheckpointLoader.load_checkpoint(best, 'cpu')['state_dict']
            bare_model(runner).load_state_dict(weights)
            runner.logger.info(f'Put back the weights of epoch {self.best_epoch}')
        runner.save_checkpoint(
            runner.work_dir,
            END_OF_TRAINING,
            save_optimizer=False,
            save_param_scheduler=False,
            meta=dict(epoch=runner.epoch, iter=runner.iter),
            by_epoch=True,
            backend_args=dict(backend=ATOMIC_BACKEND),
        )
        barrier()


def _check_state(state: Any) -> None:
    """Check what a file says, which may come from an earlier release or from anywhere."""
    kinds = dict(wait_count=int, best_score=float, best_epoch=int, stopped=bool)
    good = isinstance(state, dict) and all(
        type(state.get(key)) is kind for key, kind in kinds.items()
    )
    if not good or math.isnan(state['best_score']):
        raise ConvcutError(
            'the checkpoint holds no state of KerasEarlyStoppingHook that this release can go on '
            'from; start anew, without --resume'
        )
