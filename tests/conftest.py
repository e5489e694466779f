"""Shared fixtures: where the repository is, and how its tools are run."""

import gc
import multiprocessing
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

import convcut_mm  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / 'tests' / 'data'

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


@pytest.fixture(scope='session')
def root() -> Path:
    """The repository."""
    return ROOT


class Block(NamedTuple):
    """A fenced block of a page: (kind, value) of the comment above it, language, text.

    The comment is ``<!-- ci: NAME -->`` or ``<!-- test: FILE -->``: what runs the block.
    """

    mark: tuple
    language: str
    text: str


BLOCK = re.compile(
    r'(?:<!-- (\w+): (\S+) -->\n)?^( *)```(\w+)\n(.*?)^ *```', re.DOTALL | re.MULTILINE
)


@pytest.fixture(scope='session')
def page_blocks(root):
    """Gives the fenced blocks of a page, or those that a mark names, without indentation."""

    def read(page: str, mark: str = '') -> list:
        return [
            Block((kind, value), language, re.sub(f'^{indent}', '', text, flags=re.MULTILINE))
            for kind, value, indent, language, text in BLOCK.findall((root / page).read_text())
            if mark in ('', value)
        ]

    return read


@pytest.fixture(scope='session')
def run_command():
    """Runs a command as a user would: ``run_command('python', 'tools/train.py', ...)``."""
    own = Path(sys.executable).parent  # where this environment's python and torchrun are

    def run(*words, cwd=ROOT, extra_path='', **env):
        done = subprocess.run(
            list(map(str, words)),
            cwd=cwd,
            env={
                **os.environ,
                'PATH': f'{own}{os.pathsep}{os.environ["PATH"]}',
                'PYTHONPATH': f'{ROOT}{os.pathsep}{extra_path}',
                'CUDA_VISIBLE_DEVICES': '',
                **env,
            },
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    return run


@pytest.fixture(scope='session')
def run_here(root):
    """Runs a tool in this process and gives its exit status; capsys has what it prints."""
    ended = {}

    def run(tool: str, *args) -> int:
        config = Path(args[0]).name if args and str(args[0]).endswith('.py') else None
        # mmengine names a run by its config and the second: two of one second would share a log
        while config is not None and ended.get(config) == int(time.time()):
            time.sleep(0.02)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, 'argv', [tool, *map(str, args)])
            try:
                runpy.run_path(str(root / tool), run_name='__main__')
            except SystemExit as error:
                return error.code
            finally:
                ended[config] = int(time.time())
        return 0

    return run


class Fork(NamedTuple):
    """A tool in a process of its own, the head of a session, and the file of what it prints."""

    process: multiprocessing.Process
    log: Path

    def wait(self, seconds: float = 120) -> int:
        """Its exit status, negative for a signal."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, f'it hangs: {self.log.read_text()[-3000:]}'
        return self.process.exitcode

    def kill_when(self, condition: Callable, number: int = signal.SIGKILL) -> int:
        """Sends a signal to it and all that it started once the condition holds; its status."""
        end = time.monotonic() + 120
        while not condition():
            assert self.process.is_alive() and time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.005)
        os.killpg(self.process.pid, number)
        return self.wait()


@pytest.fixture(scope='session')
def fork_tool(tmp_path_factory, run_here):
    """Starts a tool in a fork of this process, which saves six seconds of imports; see Fork."""
    started = []

    def start(tool: str, *args) -> Fork:
        log = tmp_path_factory.mktemp('fork') / 'log'
        log.touch()

        def child() -> None:
            os.setsid()
            for stream in (1, 2):
                os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
            # pytest's own write into memory
            sys.stdout, sys.stderr = (open(n, 'w', buffering=1, closefd=False) for n in (1, 2))
            signal.signal(signal.SIGINT, signal.default_int_handler)
            torch.set_num_threads(1)  # a fork lacks its parent's threads
            sys.exit(run_here(tool, *args))

        fork = Fork(multiprocessing.get_context('fork').Process(target=child), log)
        fork.process.start()
        started.append(fork.process)
        return fork

    yield start
    for process in started:
        if process.is_alive():
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope='session')
def free_port():
    """Gives a port of this machine on which nothing listens."""

    def find() -> int:
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            return free.getsockname()[1]

    return find


@pytest.fixture(scope='session')
def released_checkpoint(tmp_path_factory, run_here) -> Path:
    """The golden Keras model, converted by the tool."""
    path = tmp_path_factory.mktemp('released') / 'released_atto.pth'
    converter = 'tools/model_converters/convcut_to_mmpretrain.py'
    assert run_here(converter, DATA / 'released_atto.h5', path) == 0
    return path


@pytest.fixture(scope='session')
def real_ferplus(tmp_path_factory):
    """Unpacks real images: ``real_ferplus('FER2013Valid')`` gives the folder that holds them."""
    root = tmp_path_factory.mktemp('ferplus')

    def unpack(*names: str) -> Path:
        data = os.environ.get('CONVCUT_DATA')
        if not data:
            pytest.skip('CONVCUT_DATA is not set')
        for name in names:
            if not (root / name).exists():
                with zipfile.ZipFile(Path(data) / f'{name}.zip') as archive:
                    archive.extractall(root)
        return root

    return unpack


TINY = """
_base_ = ['{root}/configs/convcut_quickstart.py']
model = dict(
    backbone=dict(
        arch=dict(_delete_=True, depths=[1, 1, 2, 1], channels=[8, 16, 24, 32]), num_blocks=None),
    neck=dict(in_channels=24, out_channels=16),
    head=dict(in_channels=16, attention={attention!r}))
data = dict(data_root='{data}', train_per_class=12, test_per_class=4)
train_dataloader = dict(num_workers=0, persistent_workers=False, dataset=data)
val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=data)
test_dataloader = dict(num_workers=0, dataset=data)
"""


@pytest.fixture(scope='session')
def tiny_model(tmp_path_factory, root):
    """Gives (config, checkpoint) of a small network on drawn faces: random weights, by seed."""
    folder = tmp_path_factory.mktemp('tiny')

    def make(attention='spatial', seed: int = 0, extra: str = '') -> tuple:
        from mmpretrain import get_model

        from convcut_mm.datasets.synthetic_faces import render_dataset

        render_dataset(folder / 'faces', train_per_class=12, test_per_class=4, seed=0)
        name = f'tiny_{attention}_{seed}_{abs(hash(extra))}'
        config, checkpoint = folder / f'{name}.py', folder / f'{name}.pth'
        if not checkpoint.is_file():
            base = folder / f'base_{name}.py'
            base.write_text(TINY.format(root=root, data=folder / 'faces', attention=attention))
            config.write_text(f"_base_ = ['{base.name}']\n{extra}")
            model = get_model(str(config))
            generator = torch.Generator().manual_seed(seed)
            weights = {
                # norms keep their ones, so that the maps of an untrained network differ by image
                key: value
                if 'norm' in key
                else 0.3 * torch.randn(value.shape, generator=generator)
                for key, value in model.state_dict().items()
            }
            torch.save(dict(state_dict=weights), checkpoint)
        return config, checkpoint

    return make


@pytest.fixture(scope='session')
def exported_model(tiny_model, tmp_path_factory):
    """Exports small networks, once each: gives (its backend in PyTorch, what export returned)."""
    made = {}

    def make(format: str, attention='spatial', extra: str = '') -> tuple:
        pytest.importorskip('onnxscript')
        pytest.importorskip('openvino' if format == 'openvino' else 'onnxruntime')
        from convcut_mm.apis import ExpressionInferencer
        from convcut_mm.deployment import FORMATS, export

        key = format, attention, extra
        if key not in made:
            config, checkpoint = tiny_model(attention, extra=extra)
            inferencer = ExpressionInferencer(config, checkpoint, device='cpu', detector='none')
            file = tmp_path_factory.mktemp('exported') / f'model{FORMATS[format].suffix}'
            made[key] = inferencer.backend, export(inferencer.backend, file, format)
        return made[key]

    return make


@pytest.fixture(scope='session')
def write_video():
    """Writes frames (H, W, 3), red first, as a video; gives the path."""

    def write(path, frames, rate=10, codec='MJPG'):
        import cv2
        import numpy as np

        height, width = frames[0].shape[:2]
        file = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), rate, (width, height))
        assert file.isOpened()
        for frame in frames:
            file.write(np.ascontiguousarray(frame[..., ::-1]))
        file.release()
        return path

    return write


@pytest.fixture(scope='session')
def broken_files():
    """Fills a folder with three files that are no whole images; gives name: what is wrong."""

    def fill(folder) -> dict:
        import numpy as np
        from PIL import Image

        folder.mkdir(exist_ok=True)
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(folder / 'truncated.jpg')
        content = (folder / 'truncated.jpg').read_bytes()
        (folder / 'truncated.jpg').write_bytes(content[: len(content) // 2])
        (folder / 'empty.png').write_bytes(b'')
        (folder / 'text.jpg').write_text('not a picture')
        return {
            'empty.png': 'an empty file (0 bytes)',
            'text.jpg': 'not an image',
            'truncated.jpg': 'not a whole image file',
        }

    return fill


@pytest.fixture(scope='session')
def classifier(tiny_model):
    """Loads a tiny model: ``classifier('spatial')``."""
    from convcut_mm.apis.load_classifier import load_classifier

    def load(attention='spatial', name='tiny', seed=0, extra=''):
        return load_classifier(*tiny_model(attention, seed, extra), name=name, device='cpu')

    return load
