"""Stops a training that has left the numbers, before anything of it is saved."""

from collections.abc import Iterable

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError
from ...models.utils.unwrap import bare_model

ADVICE = (
    'lower the learning rate (optim_wrapper.optimizer.lr) or clip the gradients '
    '(optim_wrapper.clip_grad); nothing of it is saved, --resume goes on from the last checkpoint'
)
# a step that fp16's scaler skips leaves the weights as they were
SKIPPED_STEPS = 10


@HOOKS.register_module()
class FiniteHook(Hook):
    """Ends the training with one line where the loss or a weight is NaN or infinite.

    mmengine goes on training, and saves such weights as its best. The loss is looked at in each
    iteration, of all processes of a job, so that all of them end at the same one. The weights are
    looked at after each epoch and before each save, the averages of ``EMAHook`` too.

    Where fp16's gradient scaler skips the step of such a loss, ten in a row end the training.

    Raises:
        ConvcutError: Names epoch, iteration and what is not finite.
    """

    priority = 'LOWEST'  # after EMAHook has put its averages into the checkpoint

    def __init__(self) -> None:
        self._in_a_row = 0

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Look at the loss."""
        loss = (outputs or {}).get('loss')
        if loss is None:
            return
        loss = torch.as_tensor(loss).detach()
        bad = own = not bool(loss.isfinite().all())  # RuntimeInfoHook has waited for it already
        if get_world_size() > 1:
            flag = torch.tensor(float(own))
            all_reduce(flag, 'max')
            bad = bool(flag)
        self._in_a_row = self._in_a_row + 1 if bad else 0
        scaler = getattr(runner.optim_wrapper, 'loss_scaler', None)
        skipped = scaler is not None and scaler.is_enabled()
        if self._in_a_row > (SKIPPED_STEPS if skipped else 0):
            what = f'{float(loss.mean()):g}' if own else 'not finite in another process'
            raise ConvcutError(
                f'epoch {runner.epoch + 1}, iteration {batch_idx + 1}: the loss is {what}; '
                f'{ADVICE}'
            )

    def after_train_epoch(self, runner) -> None:
        """Look at the weights: the last step's gradients may be the first that are not finite."""
        _check(runner, bare_model(runner).state_dict().items())

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Look at what is about to be saved."""
        for part in ('state_dict', 'ema_state_dict'):
            _check(runner, checkpoint.get(part, {}).items())


def _check(runner, weights: Iterable[tuple]) -> None:
    learnt = dict(bare_model(runner).named_parameters())
    for name, value in weights:
        if not isinstance(value, torch.Tensor) or not value.is_floating_point():
            continue
        # a buffer may be a mask of infinities; the averages' names begin with 'module.'
        whole = value.isfinite() if name.removeprefix('module.') in learnt else ~value.isnan()
        if not whole.all():
            raise ConvcutError(
                f'epoch {runner.epoch + 1}: the weight "{name}" is not finite; {ADVICE}'
            )
