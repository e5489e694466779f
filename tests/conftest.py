"""Shared fixtures: where the repository is, and how its tools are run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / 'tests' / 'data'

torch.set_num_threads(2)


@pytest.fixture(scope='session')
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope='session')
def run_python():
    """Runs a Python script as a user would: ``run_python('tools/train.py', 'CONFIG', ...)``."""

    def run(*args, cwd=ROOT, check=True, timeout=280, threads=None, module=False, extra_path=''):
        env = {
            **os.environ,
            'PYTHONPATH': f'{ROOT}{os.pathsep}{extra_path}',
            'CUDA_VISIBLE_DEVICES': '',
        }
        if threads is not None:
            env['OMP_NUM_THREADS'] = str(threads)
        done = subprocess.run(
            [sys.executable, *(['-m'] if module else []), *map(str, args)],
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check:
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    return run


@pytest.fixture(scope='session')
def released_checkpoint(tmp_path_factory, run_python) -> Path:
    """The golden Keras model, converted by the tool."""
    path = tmp_path_factory.mktemp('released') / 'released_atto.pth'
    run_python('tools/model_converters/keras_to_mmpretrain.py', DATA / 'released_atto.h5', path)
    return path
