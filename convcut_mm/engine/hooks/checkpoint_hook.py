"""Checkpoints that survive a kill at any moment and continue bit for bit."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError
from ...utils.atomic import (
    ATOMIC_BACKEND,
    LATER,
    write_atomically,
)
from ...utils.drafts import remove_leftovers


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook`` with three differences.

    - Files are written under a temporary name, synced and renamed, so a checkpoint that exists is
      whole; ``last_checkpoint`` likewise. The next epoch does not wait for the disk's syncing.
    - The old checkpoint is removed after the new one is whole, not before.
    - Where a validation follows the epoch, the checkpoint is saved after it. mmengine saves before
      and never repeats that validation on resume, so schedulers and early stopping that follow a
      metric would continue differently from a run that was never interrupted.

    Args:
        **kwargs: Arguments of mmengine's ``CheckpointHook``; epoch-based only.
    """

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault('backend_args', dict(backend=ATOMIC_BACKEND, later=True))
        super().__init__(**kwargs)
        if not self.by_epoch:
            raise ConvcutError(
                'AtomicCheckpointHook: by_epoch=False is not supported, '
                "use mmengine's CheckpointHook"
            )
        self._deferred = False
        self._saved_step: Optional[int] = None
        self._training, self._text = False, ''

    def before_train(self, runner) -> None:
        """Prepares the folder and removes what a killed run left half-written."""
        super().before_train(runner)
        self._training, self._text = True, runner.cfg.pretty_text
        if is_main_process():
            remove_leftovers(self.out_dir)

    def after_train_epoch(self, runner) -> None:
        """Saves, or leaves it to the validation that follows."""
        if self._validation_follows(runner):
            due = self.every_n_epochs(runner, self.interval, self.save_begin)
            self._deferred = due or (self.save_last and self.is_last_train_epoch(runner))
        else:
            with self._formatted_config(runner):
                super().after_train_epoch(runner)

    def after_val_epoch(self, runner, metrics: Optional[dict] = None) -> None:
        """Saves the best checkpoint, if this is it, and the deferred one of the epoch."""
        self._saved_step = None
        LATER.wait()  # the parent looks whether the last best checkpoint is there
        with self._formatted_config(runner):
            super().after_val_epoch(runner, metrics)
            epoch = runner.epoch  # counts finished epochs here
            if self._deferred and self._saved_step != epoch:
                runner.logger.info(f'Saving checkpoint at {epoch} epochs')
                self._save_checkpoint_with_step(runner, epoch, dict(epoch=epoch, iter=runner.iter))
        self._deferred = False
        if self._training and (runner.train_loop.stop_training or epoch >= runner.max_epochs):
            LATER.wait()  # hooks that come before this one may read them after the training

    def after_train(self, runner) -> None:
        """Waits for the disk, then publishes what the parent is asked to."""
        LATER.wait()
        self._training = False
        super().after_train(runner)

    @contextmanager
    def _formatted_config(self, runner) -> Iterator[None]:
        """Spares each save the tenth of a second in which mmengine formats the config's text."""
        config = runner.cfg
        runner.cfg = _FormattedConfig(config, self._text)
        try:
            yield
        finally:
            runner.cfg = config

    @staticmethod
    def _validation_follows(runner) -> bool:
        loop, epoch = runner.train_loop, runner.epoch + 1
        return (
            runner.val_loop is not None
            and epoch >= loop.val_begin
            and (epoch % loop.val_interval == 0 or epoch == loop.max_epochs)
        )

    def _save_checkpoint_with_step(self, runner, step: int, meta: dict) -> None:
        # replaces the parent's, which removes the old file first and writes last_checkpoint bare
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
            LATER.then(write_atomically, note, self.last_ckpt.encode())
            for old in expired:
                path = self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(old))
                LATER.then(_remove, path)

    def _expired(self, runner, step: int) -> list:
        """Notes the new checkpoint and returns the numbers of those it replaces."""
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


class _FormattedConfig:
    """A config whose text is known."""

    def __init__(self, config, text: str) -> None:
        self._config, self.pretty_text = config, text

    def __getattr__(self, name: str):
        return getattr(self._config, name)
