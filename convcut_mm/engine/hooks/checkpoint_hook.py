"""Save checkpoints that survive a kill at any moment and resume bit for bit."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError
from ...utils.atomic import LATER, write_atomically
from ...utils.atomic_backend import ATOMIC_BACKEND
from .work_folder_hook import WorkFolderHook


@HOOKS.register_module()
class AtomicCheckpointHook(WorkFolderHook):
    """mmengine's ``CheckpointHook`` with these differences, and those of :class:`WorkFolderHook`.

    - Checkpoints and the file ``last_checkpoint`` are written under a temporary name, synced and
      renamed, so each is whole or absent. The next epoch does not wait for the disk to sync.
    - An old checkpoint, also the best one, is removed after the new one is whole, not before.
    - If a validation follows the epoch, the checkpoint is saved after it. mmengine saves before
      and does not repeat that validation on resume, so schedulers and early stopping that follow a
      metric would continue differently from a training that was never interrupted.

    Args:
        **kwargs: Arguments of mmengine's ``CheckpointHook``; epoch-based only.

    Raises:
        ConvcutError: ``by_epoch`` is False.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault('backend_args', dict(backend=ATOMIC_BACKEND, later=True))
        super().__init__(**kwargs)
        if not self.by_epoch:
            raise ConvcutError(
                'AtomicCheckpointHook: by_epoch=False is not supported, '
                "use mmengine's CheckpointHook"
            )
        self._deferred = False
        self._saved_step: int | None = None
        self._training = False

    def before_train(self, runner: Runner) -> None:
        """Prepare the work folder."""
        super().before_train(runner)
        self._training = True

    def after_train_epoch(self, runner: Runner) -> None:
        """Save the checkpoint, or defer it to the validation that follows."""
        if self._validation_follows(runner):
            due = self.every_n_epochs(runner, self.interval, self.save_begin)
            self._deferred = due or (self.save_last and self.is_last_train_epoch(runner))
        else:
            super().after_train_epoch(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Save the best checkpoint, if this is it, and the deferred one of the epoch."""
        self._saved_step = None
        LATER.wait()  # raises an error of the last checkpoints
        given = list(metrics or {})
        for name in self.key_indicators if self.save_best and given else ():
            if name not in ('auto', *given):
                raise ConvcutError(
                    f'save_best={name!r}: the evaluators give {", ".join(given)}; choose one'
                )
        with self._keep_best_until_replaced():
            super().after_val_epoch(runner, metrics)
        epoch = runner.epoch  # finished epochs
        if self._deferred and self._saved_step != epoch:
            runner.logger.info(f'Saving checkpoint at {epoch} epochs')
            self._save_checkpoint_with_step(runner, epoch, dict(epoch=epoch, iter=runner.iter))
        self._deferred = False
        if self._training and (runner.train_loop.stop_training or epoch >= runner.max_epochs):
            LATER.wait()  # hooks with a higher priority may read the files after training

    def after_train(self, runner: Runner) -> None:
        """Wait for the disk, then publish checkpoints as configured."""
        LATER.wait()
        self._training = False
        super().after_train(runner)

    @contextmanager
    def _keep_best_until_replaced(self) -> Iterator[None]:
        """Hide the best checkpoints from the parent, which removes them before it saves the next.

        Remove each one that was replaced once its successor is whole.
        """
        before = self.best_paths
        self.best_paths = dict.fromkeys(before)
        yield
        after = self.best_paths
        self.best_paths = {metric: after[metric] or before[metric] for metric in before}
        for metric, path in before.items():
            if not path or after[metric] in (None, path):
                continue
            # keep the best one of another folder, which this training started from
            if is_main_process() and os.path.dirname(path) == str(self.out_dir):
                LATER.then(_remove, path)

    @staticmethod
    def _validation_follows(runner: Runner) -> bool:
        loop, epoch = runner.train_loop, runner.epoch + 1
        return (
            runner.val_loop is not None
            and epoch >= loop.val_begin
            and (epoch % loop.val_interval == 0 or epoch == loop.max_epochs)
        )

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        # the parent removes the old file first, and does not write last_checkpoint atomically
        expired = self._expired(runner, step)
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        self._saved_step = step
        if is_main_process():
            note = Path(runner.work_dir) / 'last_checkpoint'
            LATER.then(write_atomically, note, os.fsencode(self.last_ckpt))
            for old in expired:
                path = self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(old))
                LATER.then(_remove, path)

    def _expired(self, runner: Runner, step: int) -> list[int]:
        """Note the new checkpoint and return the numbers of those it replaces."""
        if self.max_keep_ckpts <= 0:
            return []
        kept = [number for number in self.keep_ckpt_ids if number != step] + [step]
        expired = kept[: -self.max_keep_ckpts]
        self.keep_ckpt_ids.clear()
        self.keep_ckpt_ids.extend(kept[-self.max_keep_ckpts :])
        runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        return expired


def _remove(path: str) -> None:
    if os.path.isfile(path):
        os.remove(path)
