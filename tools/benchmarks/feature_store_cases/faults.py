"""Faults: SIGKILL at random moments, ten of the build and ten of the training.

After each kill the same command runs again, with --resume if there is a checkpoint. The store has
to equal, to the byte, that of a run that nobody disturbed, and so do the weights. Other faults
(damaged shards, replaced images, a full disk, two processes at once) are tests:
tests/test_tools/test_feature_store_faults.py.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from convcut_mm.errors import ConvcutError
from convcut_mm.utils.checkpoint import load_from_local
from convcut_mm.utils.hashing import file_sha256

from . import common

EPOCHS = 6
PHASES = ('build', 'training')


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this case's options."""
    parser.add_argument('--kills', type=int, default=10, help='in each of the two phases')
    parser.add_argument('--fit', type=int, default=1500, help='training images')
    parser.add_argument('--seed', type=int, default=0, help='of the moments')


def run(args: argparse.Namespace) -> dict:
    """Run undisturbed, then with kills, and compare."""
    os.environ['OMP_NUM_THREADS'] = '1'  # more threads sum in no fixed order; two trials at once
    sizes = dict(fit=args.fit, holdout=100, test=16, epochs=EPOCHS)
    config = common.write_config(args.out / 'faults.py', data=args.data, **sizes, **common.ATTO)
    whole = args.out / 'whole'
    shutil.rmtree(whole, ignore_errors=True)
    took = common.train(config, whole / 'work', '--cache-features', whole / 'store')
    expected = _files(whole / 'store'), _weights(whole)
    spans = dict(build=took['ready'][0], training=sum(took['train']) + sum(took['val']))
    print(
        f'undisturbed: {len(expected[0])} files in the store, {took["whole"][0]:.1f} s', flush=True
    )
    rng = random.Random(args.seed)
    moments = [
        (phase, rng.uniform(0, spans[phase])) for phase in PHASES for _ in range(args.kills)
    ]
    with ThreadPoolExecutor(2) as pool:
        trials = [
            pool.submit(_trial, config, args.out / f'trial_{number}', *moment, expected)
            for number, moment in enumerate(moments)
        ]
        found = [trial.result() for trial in trials]
    print(f'{len(found)} kills: each time the same store and the same weights, to the byte')
    return dict(kills=found)


def _trial(config: Path, folder: Path, phase: str, moment: float, expected: tuple) -> dict:
    """Kill a run so many seconds into a phase, run the same command again, compare."""
    common.make_anew(folder)
    (folder / 'work').mkdir()
    command = [config, '--work-dir', folder / 'work', '--cache-features', folder / 'store']
    with open(folder / 'output.txt', 'w') as output:
        process = common.start(common.TRAIN, *command, output=output)
    # the phase starts with that file: starts of the interpreter take longer or shorter
    sign = 'store/*/manifest.json' if phase == 'build' else 'work/times.jsonl'
    while process.poll() is None and not list(folder.glob(sign)):
        time.sleep(0.01)
    try:
        process.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    left = _state(folder)
    resume = ['--resume'] if (folder / 'work' / 'last_checkpoint').exists() else []
    common.run(common.TRAIN, *command, *resume)
    if _files(folder / 'store') != expected[0]:
        raise ConvcutError(f'{folder / "store"}: not the store of the undisturbed run')
    for key, value in _weights(folder).items():
        if not torch.equal(value, expected[1][key]):
            raise ConvcutError(f'{folder}: {key} is not what the undisturbed run learnt')
    shutil.rmtree(folder)
    print(f'{phase}, killed {moment:.1f} s into it with {left}: the same', flush=True)
    return dict(phase=phase, moment=moment, left=left)


def _state(folder: Path) -> str:
    shards = len(list((folder / 'store').glob('*/*.bin')))
    epochs = [path.stem for path in (folder / 'work').glob('epoch_*.pth')]
    return f'{shards} shards, {", ".join(sorted(epochs)) or "no checkpoint"}'


def _files(store: Path) -> dict:
    return {
        str(path.relative_to(store)): file_sha256(path)
        for path in sorted(store.rglob('*'))
        if path.is_file()
    }


def _weights(folder: Path) -> dict:
    return load_from_local(str(folder / 'work' / f'epoch_{EPOCHS}.pth'))['state_dict']
