"""Functions of all cases: write configs, run the tools as a user does, read their output."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from convcut_mm import zoo
from convcut_mm.errors import ConvcutError
from convcut_mm.evaluation import Predictions, load_predictions

HERE = Path(__file__).resolve().parent
TRAIN, TEST = zoo.root() / 'tools' / 'train.py', zoo.root() / 'tools' / 'test.py'

TEMPLATE = """
_base_ = ['{base}']
custom_imports = dict(imports=['convcut_mm', 'records'], allow_failed_imports=False)
custom_hooks = [dict(type='RecordHook')]
_resize = dict(type='Resize', scale=({side}, {side}))
_load = dict(type='LoadImageFromFile', imdecode_backend='pillow')
train_pipeline = [_load, _resize,
                  dict(type='RandomFlip', prob=0.5, direction='horizontal'),
                  dict(type='PackInputs')]
test_pipeline = [_load, _resize, dict(type='PackInputs')]
_data = dict(data_root='{data}', pipeline=test_pipeline)
train_dataloader = dict(dataset=dict(
    data_root='{data}', indices={fit}, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(indices={holdout}, **_data))
test_dataloader = dict(dataset=dict(split='valid', indices={test}, **_data))
train_cfg = dict(max_epochs={epochs})
model = dict(backbone={backbone}, neck=dict(in_channels={channels}))
"""
# the released program's cut at 224 pixels, and a small backbone; random weights
BASE = dict(side=224, backbone='dict(num_blocks=23, half_block=True, init_cfg=None)', channels=512)
ATTO = dict(side=96, backbone="dict(arch='atto', init_cfg=None)", channels=160)


def write_config(path: Path, **settings) -> Path:
    """Write a config for the paper's recipe on FERPlus.

    Args:
        path (Path): Where to.
        **settings: ``data``, ``epochs``; ``fit``, ``holdout`` and ``test``, how many images of
            each; ``side``, ``backbone`` and ``channels``, as in ``BASE``.

    Returns:
        Path: The same path.
    """
    base = zoo.root() / 'configs' / 'convcut_ferplus.py'
    path.write_text(TEMPLATE.format(base=base, **settings))
    return path


def start(tool: Path, *args, output: int | TextIO = subprocess.PIPE) -> subprocess.Popen:
    """Start a tool in a process group of its own."""
    path = os.pathsep.join([str(zoo.root()), str(HERE)])
    return subprocess.Popen(
        [sys.executable, str(tool), *map(str, args)],
        env={**os.environ, 'PYTHONPATH': path},
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(tool: Path, *args) -> float:
    """Run a tool to its end; return the seconds of the whole process.

    Raises:
        ConvcutError: It failed.
    """
    begun = time.time()
    process = start(tool, *args)
    output, _ = process.communicate()
    if process.returncode:
        raise ConvcutError(f'{tool.name} {" ".join(map(str, args))}: {output[-600:]}')
    return time.time() - begun


def make_anew(folder: Path) -> None:
    """Create an empty folder, in the place of an earlier one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def train(config: Path, work_dir: Path, *args) -> dict[str, list[float]]:
    """Train in a new folder; return the seconds of the process ('whole') and of its parts."""
    make_anew(work_dir)
    parts: dict = dict(whole=[run(TRAIN, config, '--work-dir', work_dir, *args)])
    for line in read_lines(work_dir / 'times.jsonl'):
        for what, seconds in line.items():
            parts.setdefault(what, []).append(seconds)
    return parts


def test(config: Path, work_dir: Path, *args) -> tuple[Predictions, float]:
    """Test the last checkpoint; return the predictions and the seconds of the process."""
    checkpoint = (work_dir / 'last_checkpoint').read_text().strip()
    out = work_dir / 'predictions.npz'
    folder = work_dir / 'test'
    seconds = run(TEST, config, checkpoint, '--work-dir', folder, '--out', out, *args)
    return load_predictions(out), seconds


def read_lines(path: Path) -> list[dict]:
    """Read what :class:`RecordHook` wrote."""
    return [json.loads(line) for line in path.read_text().splitlines()]
