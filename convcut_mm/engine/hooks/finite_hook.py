"""Stop a training whose loss or weights are NaN or infinite, before it saves them."""

from collections.abc import Iterable

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError
from ...models.utils import bare_model

ADVICE = (
    'lower the learning rate (optim_wrapper.optimizer.lr) or clip the gradients '
    '(optim_wrapper.clip_grad); nothing of it is saved, --resume starts at the last checkpoint'
)
# in a row: fp16's gradient scaler skips such a step, and the weights stay as they were
SKIPPED_STEPS = 10


@HOOKS.register_module()
class FiniteHook(Hook):
    """A hook that stops the training if the loss or a weight is NaN or infinite.

    mmengine goes on training, and may save such weights as the best ones. This hook checks the
    loss in each iteration, in all processes of a job, so that all stop at the same one. It checks
    the weights, and the averages of ``EMAHook``, after each epoch and before each save.

    If fp16's gradient scaler skips the steps of such losses, the training stops after ten in a
    row.

    Raises:
        ConvcutError: Names the epoch, the iteration and what is not finite.
    """

    priority = 'LOWEST'  # after EMAHook has added its averages to the checkpoint

    def __init__(self) -> None:
        self._in_a_row = 0

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Check the loss."""
        loss = (outputs or {}).get('loss')
        if loss is None:
            return
        loss = torch.as_tensor(loss).detach()
        own = not bool(loss.isfinite().all())  # no extra wait for a GPU: RuntimeInfoHook waits too
        bad = own
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
        """Check the weights: the gradients of the last step may be the first to fail."""
        _check(runner, bare_model(runner).state_dict().items())

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Check the weights in the checkpoint."""
        for part in ('state_dict', 'ema_state_dict'):
            _check(runner, checkpoint.get(part, {}).items())


def _check(runner, weights: Iterable[tuple[str, object]]) -> None:
    learnt = dict(bare_model(runner).named_parameters())
    for name, value in weights:
        if not isinstance(value, torch.Tensor) or not value.is_floating_point():
            continue
        # a buffer may be a mask of infinities; names of averages start with 'module.'
        whole = value.isfinite() if name.removeprefix('module.') in learnt else ~value.isnan()
        if not whole.all():
            raise ConvcutError(
                f'epoch {runner.epoch + 1}: the weight "{name}" is not finite; {ADVICE}'
            )
