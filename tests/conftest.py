"""What holds for every test. The fixtures lie in ``fixtures/``, by what they give."""

import gc
import os
from pathlib import Path

import pytest
import torch

import convcut_mm  # noqa: F401

pytest_plugins = [f'fixtures.{name}' for name in ('commands', 'data', 'models', 'pages')]

# as many as pytest-xdist leaves each of its two processes, and what they start
THREADS = 1 if 'PYTEST_XDIST_WORKER' in os.environ else 2
os.environ.setdefault('OMP_NUM_THREADS', str(THREADS))
torch.set_num_threads(THREADS)
# an export makes autograd, if it starts after it, run threads with which no fork can train
torch.ones(1, requires_grad=True).sum().backward()


@pytest.fixture(scope='module', autouse=True)
def cheap_collections():
    """Leaves all that is imported by now out of garbage collections, which then take no time.

    Each data set of mmengine's asks for one, and half a second is spent on a million objects that
    stay until the end.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope='session', autouse=True)
def cache_folder(tmp_path_factory) -> Path:
    """Where data sets keep which images are copies; not in the user's cache folder."""
    folder = tmp_path_factory.mktemp('cache')
    os.environ['CONVCUT_CACHE'] = str(folder)
    return folder


@pytest.fixture(scope='session')
def root() -> Path:
    """The repository."""
    return Path(__file__).resolve().parents[1]
