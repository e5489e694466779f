"""What the cases share: configs, runs of the tools as a user starts them, what they wrote."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Optional, TextIO, Union

import numpy as np

from convcut_mm import zoo
from convcut_mm.errors import ConvcutError
from convcut_mm.evaluation import load_predictions

HERE = Path(__file__).resolve().parent
TRAIN, TEST = zoo.root() / 'tools' / 'train.py', zoo.root() / 'tools' / 'test.py'
# the fit, holdout and test images of RAF-DB, with a tenth of train held out
RAFDB = dict(fit=11044, holdout=1227, test=3068)
EPOCHS = 50

TEMPLATE = """
_base_ = ['{base}']
custom_imports = dict(imports=['convcut_mm', 'records'], allow_failed_imports=False)
custom_hooks = [dict(type='RecordHook', draws={draws})]
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
{extra}
"""
# the released program's cut, random weights
BASE = 'dict(num_blocks=23, half_block=True, init_cfg=None)'
ATTO = "dict(arch='atto', init_cfg=None)"


def write_config(path: Path, data: Path, **settings) -> Path:
    """Writes a config for the paper's recipe on FERPlus.

    Args:
        path (Path): Where to.
        data (Path): Folder of FER2013Train and FER2013Valid.
        **settings: ``side``, ``epochs``, ``backbone``, ``channels``; ``fit``, ``holdout`` and
            ``test``, how many images of each (None for all); ``extra``, more lines.
    """
    filled = dict(
        base=zoo.root() / 'configs' / 'convcut_ferplus.py',
        data=data,
        side=224,
        epochs=EPOCHS,
        fit=None,
        holdout=None,
        test=None,
        draws=False,
        backbone=BASE,
        channels=512,
        extra='',
    )
    path.write_text(TEMPLATE.format(**{**filled, **settings}))
    return path


def start(tool: Path, *args, output: Union[int, TextIO] = subprocess.PIPE) -> subprocess.Popen:
    """Starts a tool in a process group of its own."""
    path = os.pathsep.join([str(Path(zoo.__file__).parents[1]), str(HERE)])
    return subprocess.Popen(
        [sys.executable, str(tool), *map(str, args)],
        env={**os.environ, 'PYTHONPATH': path},
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(tool: Path, *args, log: Optional[Path] = None) -> float:
    """Runs a tool to its end; gives the seconds of the whole process.

    Raises:
        ConvcutError: It failed.
    """
    begun = time.time()
    process = start(tool, *args)
    output, _ = process.communicate()
    if log is not None:
        log.write_text(output)
    if process.returncode:
        raise ConvcutError(f'{tool.name} {" ".join(map(str, args))}: {output[-600:]}')
    return time.time() - begun


def make_anew(folder: Path) -> None:
    """Makes an empty folder in the place of an earlier run's."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def train(config: Path, work_dir: Path, *args) -> dict:
    """Trains in a fresh work folder; gives the seconds of the process and of its parts."""
    make_anew(work_dir)
    whole = run(TRAIN, config, '--work-dir', work_dir, *args, log=work_dir / 'output.txt')
    times = [json.loads(line) for line in (work_dir / 'times.jsonl').open()]
    parts = {
        what: [time[what] for time in times if what in time] for what in ('ready', 'train', 'val')
    }
    return dict(whole=whole, ready=parts['ready'][0], train=parts['train'], val=parts['val'])


def iterations(work_dir: Path) -> list:
    """What :class:`RecordHook` wrote for each iteration."""
    return [json.loads(line) for line in (work_dir / 'iterations.jsonl').open()]


def scores(config: Path, work_dir: Path, checkpoint: str, *args) -> tuple:
    """Tests a checkpoint: (scores (N, classes), labels (N,), seconds of the process)."""
    out = work_dir / 'predictions.npz'
    seconds = run(
        TEST, config, work_dir / checkpoint, '--work-dir', work_dir / 'test', '--out', out, *args
    )
    found = load_predictions(out)
    return found.scores.astype(np.float32), found.labels, seconds


def store_bytes(store: Path) -> int:
    """Bytes of all files of a store."""
    return sum(path.stat().st_size for path in store.rglob('*') if path.is_file())
