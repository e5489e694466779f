"""Checkpoints that survive a kill at any moment and continue bit for bit."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import CheckpointHook
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError
from ...utils import work_folder
from ...utils.atomic import (
    ATOMIC_BACKEND,
    LATER,
    write_atomically,
)
from ...utils.drafts import remove_leftovers


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook`` with these differences.

    - Files are written under a temporary name, synced and renamed, so a checkpoint that exists is
      whole; ``last_checkpoint`` likewise. The next epoch does not wait for the disk's syncing.
    - The old checkpoint is removed after the new one is whole, not before; the best one too.
    - Where a validation follows the epoch, the checkpoint is saved after it. mmengine saves before
      and never repeats that validation on resume, so schedulers and early stopping that follow a
      metric would continue differently from a run that was never interrupted.
    - One training at a time in a work folder, and a work folder that was moved can be resumed.
      A training that starts anew puts the checkpoints of an earlier one into a folder
      ``earlier_TIME`` first: ``best_*.pth`` is one file, that of this training.

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
        self._saved_step: int | None = None
        self._training = False

    def before_run(self, runner) -> None:
        """Look for the checkpoint to go on from in the folder itself, which may have moved."""
        if runner._resume and runner._load_from is None:
            last = work_folder.last_checkpoint(runner.work_dir)
            runner._load_from = None if last is None else str(last)

    def before_train(self, runner) -> None:
        """Take the folder for this training, and clears it of what others left.

        Raises:
            ConvcutError: Another training is running in it.
        """
        _in_main_process(lambda: work_folder.lock(runner.work_dir))
        super().before_train(runner)
        self._training = True
        self._follow_the_folder(runner)
        if is_main_process():
            remove_leftovers(self.out_dir)
            self._set_earlier_aside(runner)

    def after_train_epoch(self, runner) -> None:
        """Save, or leaves it to the validation that follows."""
        if self._validation_follows(runner):
            due = self.every_n_epochs(runner, self.interval, self.save_begin)
            self._deferred = due or (self.save_last and self.is_last_train_epoch(runner))
        else:
            super().after_train_epoch(runner)

    def after_val_epoch(self, runner, metrics: dict | None = None) -> None:
        """Save the best checkpoint, if this is it, and the deferred one of the epoch."""
        self._saved_step = None
        LATER.wait()  # says what went wrong with the last ones
        with self._best_outlives_its_successor():
            super().after_val_epoch(runner, metrics)
        epoch = runner.epoch  # counts finished epochs here
        if self._deferred and self._saved_step != epoch:
            runner.logger.info(f'Saving checkpoint at {epoch} epochs')
            self._save_checkpoint_with_step(runner, epoch, dict(epoch=epoch, iter=runner.iter))
        self._deferred = False
        if self._training and (runner.train_loop.stop_training or epoch >= runner.max_epochs):
            LATER.wait()  # hooks that come before this one may read them after the training

    def after_train(self, runner) -> None:
        """Wait for the disk, then publishes what the parent is asked to."""
        LATER.wait()
        self._training = False
        super().after_train(runner)

    def after_run(self, runner) -> None:
        """Let go of the folder."""
        if is_main_process():
            work_folder.release(runner.work_dir)

    def _best_paths(self) -> dict:
        """What holds the paths of the best checkpoints; of one metric an attribute of the hook."""
        if self.save_best is None:
            return {}
        return getattr(self, 'best_ckpt_path_dict', vars(self))

    def _best_keys(self) -> list:
        paths = self._best_paths()
        return [key for key in paths if paths is not vars(self) or key == 'best_ckpt_path']

    def _follow_the_folder(self, runner) -> None:
        """After a resume, means by the best checkpoints those of this folder."""
        paths = self._best_paths()
        for key in self._best_keys():
            paths[key] = self._beside(paths[key])
        for name, path in runner.message_hub.runtime_info.items():
            if name == 'last_ckpt' or name.startswith('best_ckpt'):
                runner.message_hub.update_info(name, self._beside(path))

    def _beside(self, path: str | None) -> str | None:
        own = self.file_backend.join_path(self.out_dir, os.path.basename(path or ''))
        return own if os.path.isfile(own) else path

    def _set_earlier_aside(self, runner) -> None:
        best = self.filename_tmpl.format('*')
        patterns = [f'best_*_{best}']
        if runner.epoch == 0:
            patterns += [best, 'last_checkpoint']
        paths = self._best_paths()
        kept = {paths[key] for key in self._best_keys()} | {runner._load_from}
        kept = {os.path.realpath(path) for path in kept if path}
        earlier = {
            path
            for pattern in patterns
            for path in Path(self.out_dir).glob(pattern)
            if path.is_file() and os.path.realpath(path) not in kept
        }
        place = work_folder.set_aside(earlier, f'earlier_{runner.timestamp}')
        if place is not None:
            runner.logger.info(
                f'{len(earlier)} files of an earlier training in this folder are now in {place}'
            )

    @contextmanager
    def _best_outlives_its_successor(self) -> Iterator[None]:
        """The parent removes the best checkpoint before it writes the next one."""
        paths = self._best_paths()
        before = {key: paths[key] for key in self._best_keys()}
        paths.update(dict.fromkeys(before))
        yield
        for key, path in before.items():
            if paths[key] is None:
                paths[key] = path
            elif path and path != paths[key] and is_main_process():
                # one of a training in another folder, which this one went on from, stays there
                if os.path.dirname(path) == str(self.out_dir):
                    LATER.then(_remove, path)

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
            LATER.then(write_atomically, note, os.fsencode(self.last_ckpt))
            for old in expired:
                path = self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(old))
                LATER.then(_remove, path)

    def _expired(self, runner, step: int) -> list:
        """Note the new checkpoint and returns the numbers of those it replaces."""
        if self.max_keep_ckpts <= 0:
            return []
        kept = [number for number in self.keep_ckpt_ids if number != step] + [step]
        expired = kept[: -self.max_keep_ckpts]
        self.keep_ckpt_ids.clear()
        self.keep_ckpt_ids.extend(kept[-self.max_keep_ckpts :])
        runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        return expired


def _in_main_process(step: Callable) -> None:
    """Let the main process do it; its ConvcutError is raised in all processes of the job."""
    problem = [None]
    if is_main_process():
        try:
            step()
        except ConvcutError as error:
            problem = [str(error)]
    broadcast_object_list(problem)
    if problem[0] is not None:
        raise ConvcutError(problem[0])


def _remove(path: str) -> None:
    if os.path.isfile(path):
        os.remove(path)
