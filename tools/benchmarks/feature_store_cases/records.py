"""A hook that writes down what a training sees and how long its parts take.

The trainings of the benchmarks import it by ``custom_imports``.
"""

import json
import time
from pathlib import Path

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS


@HOOKS.register_module()
class RecordHook(Hook):
    """Write ``iterations.jsonl`` (loss, images, flips) and ``times.jsonl`` (seconds of parts)."""

    priority = 'LOWEST'  # before_train: after the store is ready

    def __init__(self) -> None:
        self._start = time.time()

    def before_train(self, runner) -> None:
        """Note how long it took to get ready, the build of a store included."""
        self._note(runner, 'ready')

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        """Note loss, images and flips of the batch."""
        samples = data_batch['data_samples']
        self._write(
            runner,
            'iterations.jsonl',
            loss=outputs['loss'].item(),
            images=[Path(sample.img_path).name for sample in samples],
            flips=[bool(sample.flip) for sample in samples],
        )

    def after_train_epoch(self, runner) -> None:
        """Note the epoch's time."""
        self._note(runner, 'train')

    def before_val_epoch(self, runner) -> None:
        """Start to time the validation, after the checkpoint was written."""
        self._start = time.time()

    def after_val_epoch(self, runner, metrics=None) -> None:
        """Note the validation's time."""
        self._note(runner, 'val')

    def before_train_epoch(self, runner) -> None:
        """Start to time the epoch."""
        self._start = time.time()

    def _note(self, runner, what: str) -> None:
        self._write(runner, 'times.jsonl', **{what: time.time() - self._start})

    def _write(self, runner, name: str, **values) -> None:
        with open(Path(runner.work_dir) / name, 'a') as file:
            file.write(json.dumps(values) + '\n')
