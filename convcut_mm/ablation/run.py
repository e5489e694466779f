"""Train and test one config with one seed by tools/train.py and tools/test.py, resumable."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import ConvcutError
from ..evaluation.predictions import Predictions, load_predictions
from ..utils.atomic import write_atomically
from ..utils.config import merge_options, read_config
from ..utils.hashing import file_sha256, settings_sha256
from ..utils.locks import lock_handle
from .options import BACKBONE_OPTION, check_backbone, choose_by, parsed
from .tool_call import call_tool


class AblationRun:
    """A training and its test, in a folder of their own.

    ``run.json`` in the folder identifies the run (config, seed, options, weights of the backbone)
    and notes whether the training has ended; ``predictions.pkl`` is the result. A lock, which the
    kernel frees when the last process of a run ends, keeps two processes off the same run.
    :meth:`train` and :meth:`test` redirect the output of their process: see ``processes.py``.

    Args:
        config (Path): The config file.
        seed (int): Value of ``randomness.seed``.
        work_dir (Path): Folder of all runs; this run uses ``work_dir/CONFIG/seed_SEED``.
        options (Sequence[str]): More ``KEY=VALUE`` for ``--cfg-options``. Defaults to ().
        backbone (Path, optional): Checkpoint of the frozen backbone. Defaults to None: the one in
            the config.
        metric (str, optional): Metric of the evaluators that chooses the epoch, if the config
            chooses one. Defaults to None: the config's own. With another one the folder is
            ``work_dir/CONFIG@METRIC/seed_SEED``.

    Attributes:
        cfg (Config): The config with seed and options.

    Raises:
        ConvcutError: The config cannot be read, or a backbone is given that it cannot load.
    """

    def __init__(
        self,
        config: Path,
        seed: int,
        work_dir: Path,
        options: Sequence[str] = (),
        backbone: Path | None = None,
        metric: str | None = None,
    ) -> None:
        self._arguments = (config, seed, work_dir, options, backbone, metric)
        self.config, self.seed = config, seed
        self.options = [*options, f'randomness.seed={seed}']
        self.cfg = read_config(config)
        merge_options(self.cfg, parsed(self.options))
        name = config.stem
        own = [] if metric is None else choose_by(self.cfg, metric)
        if own:
            name += f'@{re.sub("[^A-Za-z0-9-]", "_", str(metric))}'
            self.options += own
            merge_options(self.cfg, parsed(own))
        self.folder = Path(work_dir) / name / f'seed_{seed}'
        weights = None
        if backbone is not None:
            check_backbone(config, self.cfg.model.backbone.get('init_cfg'))
            self.options.append(f'{BACKBONE_OPTION}={backbone}')
            weights = file_sha256(backbone)
        self._settings = settings_sha256(dict(config=self.cfg.to_dict(), backbone=weights))

    def __reduce__(self) -> tuple:
        return AblationRun, self._arguments  # a config that was read cannot be sent to a process

    @property
    def predictions_file(self) -> Path:
        """File that ``tools/test.py --out`` writes."""
        return self.folder / 'predictions.pkl'

    @property
    def trained(self) -> bool:
        """Whether the training has ended.

        Raises:
            ConvcutError: The folder holds a run of other settings.
        """
        path = self.folder / 'run.json'
        try:
            noted = json.loads(path.read_text())
            same, trained = noted['settings'] == self._settings, bool(noted['trained'])
        except FileNotFoundError:
            return False
        except (ValueError, KeyError, TypeError):
            raise ConvcutError(f'{path}: cannot be read; remove {self.folder}') from None
        if not same:
            raise ConvcutError(
                f'{self.folder}: a run of other settings (config, --cfg-options or backbone have '
                'changed since); remove it or choose another --work-dir'
            )
        return trained

    def predictions(self) -> Predictions | None:
        """Return the result, None if it is missing or incomplete.

        Raises:
            ConvcutError: The folder holds a run of other settings.
        """
        if not self.trained:
            return None
        try:
            return load_predictions(self.predictions_file)
        except (ConvcutError, OSError):
            return None

    def state(self) -> str:
        """Return what is left to do, in words.

        Raises:
            ConvcutError: The folder holds a run of other settings.
        """
        if self.predictions() is not None:
            return 'done'
        if self.trained:
            return 'to test'
        last = self.last_checkpoint()
        return 'to train' if last is None else f'to go on training from {last.name}'

    def train(self) -> None:
        """Train or resume the training, unless it has ended.

        Raises:
            ConvcutError: The training failed, another process is working on this run, or the
                folder holds a run of other settings.
        """
        with self._locked():
            if self.trained:
                return
            self._note(trained=False)
            resume = [] if self.last_checkpoint() is None else ['--resume']
            options = [*resume, *self._cfg()]
            arguments = [str(self.config), '--work-dir', str(self.folder), *options]
            call_tool('train', arguments, self.folder / 'train.log')
            self._note(trained=True)

    def test(self) -> None:
        """Test the checkpoint that was best on the held-out images, or else the last one.

        Raises:
            ConvcutError: The test failed, another process is working on this run, or there is no
                checkpoint.
        """
        with self._locked():
            paths = [self.config, self.checkpoint()]
            output = ['--work-dir', self.folder / 'test', '--out', self.predictions_file]
            # rows of one backbone share the features of the test set too
            store = ['--cache-features'] if self.cfg.get('feature_store') else []
            # mmengine tells runs of one process apart by name and second
            name = f'experiment_name={self.folder.name}_test'
            arguments = [*map(str, paths), *map(str, output), *store, *self._cfg(), name]
            call_tool('test', arguments, self.folder / 'test.log')
            load_predictions(self.predictions_file)

    def last_checkpoint(self) -> Path | None:
        """Return the checkpoint that the training resumes from, None before the first."""
        note = self.folder / 'last_checkpoint'
        # only the name: the folder may have been moved
        path = self.folder / Path(note.read_text().strip()).name if note.is_file() else None
        return path if path is not None and path.is_file() else None

    def checkpoint(self) -> Path:
        """Return the checkpoint to test.

        Raises:
            ConvcutError: There is none.
        """
        # a kill may leave the previous best beside the best, which is the later one
        best = sorted(self.folder.glob('best_*.pth'), key=_number)
        path = best[-1] if best else self.last_checkpoint()
        if path is None:
            raise ConvcutError(
                f'{self.folder}: no checkpoint, though the training has ended; remove the folder'
            )
        return path

    def _cfg(self) -> list[str]:
        return ['--cfg-options', *self.options]

    def _note(self, trained: bool) -> None:
        content = dict(settings=self._settings, trained=trained, config=str(self.config))
        write_atomically(self.folder / 'run.json', json.dumps(content, indent=1).encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / 'lock', 'ab') as file:
            if not lock_handle(file):
                raise ConvcutError(
                    f'{self.folder}: another process is working on this run; wait until it ends'
                )
            yield


def _number(path: Path) -> int:
    found = re.findall(r'\d+', path.stem)
    return int(found[-1]) if found else 0
