"""One config with one seed: trained and tested by the user's own commands, resumable."""

import argparse
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Optional

from mmengine.config import DictAction

from ..errors import ConvcutError
from ..evaluation.predictions import Predictions, load_predictions
from ..utils.atomic import write_atomically
from ..utils.config import merge_options, read_config
from ..utils.hashing import file_sha256
from ..utils.locks import lock_handle
from ..zoo import root

# where a row's config says which weights its frozen backbone has
BACKBONE_OPTION = 'model.backbone.init_cfg.checkpoint'


class Run:
    """A training and its test, in a folder of their own.

    ``run.json`` there notes what the run is of (config, seed, options, weights of the backbone)
    and whether the training has ended; ``predictions.pkl`` is the result. Processes keep off each
    other's runs by a lock that the kernel releases when the last of them ends.

    Args:
        config (Path): The config file.
        seed (int): Goes to ``randomness.seed``.
        work_dir (Path): Folder of all runs; this one's is ``work_dir/CONFIG/seed_SEED``.
        options (Sequence[str]): More ``KEY=VALUE`` for ``--cfg-options``. Defaults to ().
        backbone (Path, optional): Checkpoint that the frozen backbone is taken from. Defaults to
            None: what the config says.

    Attributes:
        cfg (Config): The config with seed and options.

    Raises:
        ConvcutError: The config cannot be read, or takes no backbone where there is one.
    """

    def __init__(
        self,
        config: Path,
        seed: int,
        work_dir: Path,
        options: Sequence[str] = (),
        backbone: Optional[Path] = None,
    ) -> None:
        self.config, self.seed = config, seed
        self.folder = Path(work_dir) / config.stem / f'seed_{seed}'
        self.options = [*options, f'randomness.seed={seed}']
        self.cfg = read_config(config)
        merge_options(self.cfg, parsed(self.options))
        weights = None
        if backbone is not None:
            _check_backbone(config, self.cfg.model.backbone.get('init_cfg'))
            self.options.append(f'{BACKBONE_OPTION}={backbone}')
            weights = file_sha256(backbone)
        self._settings = _sha256_of(dict(config=self.cfg.to_dict(), backbone=weights))

    @property
    def predictions_file(self) -> Path:
        """Where ``tools/test.py --out`` writes."""
        return self.folder / 'predictions.pkl'

    @property
    def trained(self) -> bool:
        """Whether the training has ended.

        Raises:
            ConvcutError: The folder is that of other settings.
        """
        path = self.folder / 'run.json'
        try:
            noted = json.loads(path.read_text())
            same, trained = noted['settings'] == self._settings, bool(noted['trained'])
        except FileNotFoundError:
            return False
        except (ValueError, KeyError, TypeError):
            raise ConvcutError(f'{path}: cannot be read, remove {self.folder}') from None
        if not same:
            raise ConvcutError(
                f'{self.folder}: a run of other settings (config, --cfg-options or backbone have '
                'changed since); remove it or choose another --work-dir'
            )
        return trained

    def predictions(self) -> Optional[Predictions]:
        """The result, None where there is none or only a part of it.

        Raises:
            ConvcutError: The folder is that of other settings.
        """
        if not self.trained:
            return None
        try:
            return load_predictions(self.predictions_file)
        except (ConvcutError, OSError):
            return None

    def state(self) -> str:
        """What is left to do, in words.

        Raises:
            ConvcutError: The folder is that of other settings.
        """
        if self.predictions() is not None:
            return 'done'
        if self.trained:
            return 'to test'
        last = self.last_checkpoint()
        return 'to train' if last is None else f'to go on training from {last.name}'

    def train(self) -> None:
        """Trains, or goes on training, unless that has been done.

        Raises:
            ConvcutError: The training failed, another process is at it, or the folder is that of
                other settings.
        """
        with self._locked() as lock:
            if self.trained:
                return
            self._note(trained=False)
            resume = [] if self.last_checkpoint() is None else ['--resume']
            self._call(
                'train', [self.config, '--work-dir', self.folder, *resume, *self._cfg()], lock
            )
            self._note(trained=True)

    def test(self) -> None:
        """Tests the checkpoint that was best on the held-out images; the last one without any.

        Raises:
            ConvcutError: As :meth:`train`.
        """
        with self._locked() as lock:
            work_dir = ['--work-dir', self.folder / 'test', '--out', self.predictions_file]
            self._call('test', [self.config, self.checkpoint(), *work_dir, *self._cfg()], lock)
            load_predictions(self.predictions_file)

    def last_checkpoint(self) -> Optional[Path]:
        """The checkpoint that a training goes on from, None before the first."""
        note = self.folder / 'last_checkpoint'
        # the name only: the folder may have been moved since
        path = self.folder / Path(note.read_text().strip()).name if note.is_file() else None
        return path if path is not None and path.is_file() else None

    def checkpoint(self) -> Path:
        """The checkpoint to test.

        Raises:
            ConvcutError: There is none.
        """
        # a kill may leave the previous best beside the best: the later one is the better one
        best = sorted(self.folder.glob('best_*.pth'), key=_number)
        path = best[-1] if best else self.last_checkpoint()
        if path is None:
            raise ConvcutError(f'{self.folder}: no checkpoint, though the training has ended')
        return path

    def _cfg(self) -> list:
        return ['--cfg-options', *self.options]

    def _note(self, trained: bool) -> None:
        content = dict(settings=self._settings, trained=trained, config=str(self.config))
        write_atomically(self.folder / 'run.json', json.dumps(content, indent=1).encode())

    @contextmanager
    def _locked(self) -> Iterator[IO]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / 'lock', 'ab') as file:
            if not lock_handle(file):
                raise ConvcutError(f'{self.folder}: another process is at this run')
            yield file

    def _call(self, tool: str, arguments: list, lock: IO) -> None:
        """Runs ``tools/TOOL.py``, output to ``TOOL.log``."""
        log = self.folder / f'{tool}.log'
        command = [sys.executable, root() / 'tools' / f'{tool}.py', *arguments]
        words = list(map(str, command))
        with open(log, 'ab') as output:
            process = start_tool(words, output, lock)
            try:
                status = process.wait()
            except BaseException:
                process.terminate()
                process.wait()
                raise
        if status != 0:
            raise ConvcutError(f'{log}: {tool}.py ended with status {status}: {_last_line(log)}')


def start_tool(command: list[str], output: IO, lock: IO) -> subprocess.Popen:
    """Starts a tool's process, which holds the lock too.

    Where this process is killed, the run stays taken as long as that one is at it.
    """
    return subprocess.Popen(
        command, stdout=output, stderr=subprocess.STDOUT, pass_fds=(lock.fileno(),)
    )


def parsed(options: Sequence[str]) -> dict:
    """``KEY=VALUE`` as ``--cfg-options`` of the tools takes it.

    Raises:
        ConvcutError: One has no '='.
    """
    for option in options:
        if '=' not in option:
            raise ConvcutError(f'--cfg-options {option}: expected KEY=VALUE')
    parser = argparse.ArgumentParser()
    parser.add_argument('options', nargs='*', action=DictAction)
    return parser.parse_args(options).options or {}


def _check_backbone(config: Path, init_cfg: Any) -> None:
    if not isinstance(init_cfg, dict) or init_cfg.get('type') != 'Pretrained':
        raise ConvcutError(
            f'{config}: the set has a backbone, but model.backbone.init_cfg is not '
            "dict(type='Pretrained', checkpoint=...)"
        )


def _sha256_of(settings: dict) -> str:
    text = json.dumps(settings, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def _number(path: Path) -> int:
    found = re.findall(r'\d+', path.stem)
    return int(found[-1]) if found else 0


def _last_line(log: Path) -> str:
    lines = log.read_text(errors='replace').strip().splitlines()
    return lines[-1].strip() if lines else 'it wrote nothing'
