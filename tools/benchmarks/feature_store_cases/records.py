"""A hook that writes down what a training sees and how long each part of it takes.

The trainings of the benchmarks import it by ``custom_imports``.
"""

import json
import time
from pathlib import Path

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS


@HOOKS.register_module()
class RecordHook(Hook):
    """Writes ``iterations.jsonl`` (loss, draws, seconds of arithmetic) and ``times.jsonl``.

    Args:
        draws (bool): Write the images and flips of each batch too. Defaults to False.
    """

    priority = 'LOWEST'  # before_train: after the store is ready

    def __init__(self, draws: bool = False) -> None:
        self.draws = draws
        self.started = time.time()
        self._step = 0.0
        self._iterations = self._times = None

    def before_train(self, runner) -> None:
        """Starts to time the model's train steps."""
        folder = Path(runner.work_dir)
        self._iterations = open(folder / 'iterations.jsonl', 'a', buffering=1)
        self._times = open(folder / 'times.jsonl', 'a', buffering=1)
        self._write_time('ready', time.time() - self.started)
        train_step = runner.model.train_step

        def timed(*args, **kwargs):
            start = time.perf_counter()
            try:
                return train_step(*args, **kwargs)
            finally:
                self._step = time.perf_counter() - start

        runner.model.train_step = timed

    def before_train_epoch(self, runner) -> None:
        """Notes the time."""
        self._epoch_start = time.perf_counter()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        """Writes a line."""
        line = dict(loss=outputs['loss'].item(), step=self._step)
        if self.draws:
            samples = data_batch['data_samples']
            line['images'] = [Path(sample.img_path).name for sample in samples]
            line['flips'] = [bool(sample.flip) for sample in samples]
            line['labels'] = [sample.gt_label.tolist() for sample in samples]
        self._iterations.write(json.dumps(line) + '\n')

    def after_train_epoch(self, runner) -> None:
        """Writes the epoch's time."""
        self._write_time('train', time.perf_counter() - self._epoch_start)

    def before_val_epoch(self, runner) -> None:
        """Notes the time."""
        self._val_start = time.perf_counter()

    def after_val_epoch(self, runner, metrics=None) -> None:
        """Writes the validation's time."""
        if self._times is not None:
            self._write_time('val', time.perf_counter() - self._val_start)

    def _write_time(self, what: str, seconds: float) -> None:
        self._times.write(json.dumps({what: seconds}) + '\n')
