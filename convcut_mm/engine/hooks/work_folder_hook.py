"""A checkpoint hook that gives each training a work folder of its own."""

import os
from collections.abc import Callable
from pathlib import Path

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from ...errors import ConvcutError
from ...utils import work_folder
from ...utils.drafts import remove_leftovers


class WorkFolderHook(CheckpointHook):
    """mmengine's ``CheckpointHook``, for one training at a time in a work folder.

    - A training locks its work folder.
    - A folder that was moved can be resumed: checkpoints are looked for in the folder first.
    - A training that starts from scratch moves the checkpoints of an earlier one to a folder
      ``earlier_TIME``, so that ``best_*.pth`` is one file, that of this training.
    """

    def before_run(self, runner: Runner) -> None:
        """Find the checkpoint to resume from in the work folder, which may have been moved."""
        if runner._resume and runner._load_from is None:
            last = work_folder.last_checkpoint(runner.work_dir)
            runner._load_from = None if last is None else str(last)

    def before_train(self, runner: Runner) -> None:
        """Lock the folder, remove leftovers and set earlier checkpoints aside.

        Raises:
            ConvcutError: Another training is running in the folder.
        """
        _in_main_process(lambda: work_folder.lock(runner.work_dir))
        super().before_train(runner)
        self._find_best_in_folder(runner)
        if is_main_process():
            remove_leftovers(self.out_dir)
            self._set_earlier_aside(runner)

    def after_run(self, runner: Runner) -> None:
        """Unlock the folder."""
        if is_main_process():
            work_folder.release(runner.work_dir)

    @property
    def best_paths(self) -> dict[str, str | None]:
        """Paths of the best checkpoints by metric; by '' if ``save_best`` is one metric."""
        if self.save_best is None:
            return {}
        if len(self.key_indicators) == 1:
            return {'': self.best_ckpt_path}
        return dict(self.best_ckpt_path_dict)

    @best_paths.setter
    def best_paths(self, paths: dict[str, str | None]) -> None:
        if self.save_best is None:
            return
        if len(self.key_indicators) == 1:
            self.best_ckpt_path = paths['']
        else:
            self.best_ckpt_path_dict.update(paths)

    def _find_best_in_folder(self, runner: Runner) -> None:
        """Point the paths of a resumed training to this folder, in case it was moved."""
        self.best_paths = {metric: self._beside(path) for metric, path in self.best_paths.items()}
        for name, path in runner.message_hub.runtime_info.items():
            if name == 'last_ckpt' or name.startswith('best_ckpt'):
                runner.message_hub.update_info(name, self._beside(path))

    def _beside(self, path: str | None) -> str | None:
        own = self.file_backend.join_path(self.out_dir, os.path.basename(path or ''))
        return own if os.path.isfile(own) else path

    def _set_earlier_aside(self, runner: Runner) -> None:
        checkpoints = self.filename_tmpl.format('*')
        patterns = [f'best_*_{checkpoints}']
        if runner.epoch == 0 or not runner._resume:  # a second phase starts at a later epoch
            patterns += [checkpoints, work_folder.END_OF_TRAINING, 'last_checkpoint']
        in_use = [*self.best_paths.values(), runner._load_from]
        kept = {os.path.realpath(path) for path in in_use if path}
        earlier = {
            path
            for pattern in patterns
            for path in Path(self.out_dir).glob(pattern)
            if path.is_file() and os.path.realpath(path) not in kept
        }
        folder = work_folder.set_aside(earlier, f'earlier_{runner.timestamp}')
        if folder is not None:
            runner.logger.info(
                f'Moved {len(earlier)} files of an earlier training in this folder to {folder}'
            )


def _in_main_process(step: Callable[[], None]) -> None:
    """Run a step in the main process, and raise its ConvcutError in all processes of the job."""
    problem: list[str | None] = [None]
    if is_main_process():
        try:
            step()
        except ConvcutError as error:
            problem = [str(error)]
    broadcast_object_list(problem)
    if problem[0] is not None:
        raise ConvcutError(problem[0])
