"""Fixtures for the tests of the tools: a training of seconds on few synthetic faces.

Everything that draws random numbers or follows a metric is in it: flips, dropout, drop path, an
embedding with BatchNorm, a plateau schedule, early stopping.
"""

from pathlib import Path

import pytest

TEMPLATE = """
_base_ = ['{root}/configs/convcut_quickstart.py']
model = dict(
    backbone=dict(
        arch=dict(_delete_=True, depths=[1, 1, 2, 1], channels=[8, 16, 24, 32]),
        num_blocks=None, drop_path_rate=0.2),
    neck=dict(in_channels=24, out_channels=16),
    head=dict(in_channels=16, embedding={embedding}))
data = dict(data_root='{data}', train_per_class=12, test_per_class=4)
train_dataloader = dict(batch_size={batch_size}, num_workers=1, dataset=data)
val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=data)
test_dataloader = dict(num_workers=0, dataset=data)
train_cfg = dict(max_epochs={epochs})
param_scheduler = [dict(type='ReduceOnPlateauLR', monitor='accuracy/top1', rule='greater',
                        patience=0, factor=0.5)]
custom_hooks = [dict(type='KerasEarlyStoppingHook', monitor='accuracy/top1',
                     rule='greater', min_delta=0.1, patience=50)]
default_hooks = dict(logger=dict(interval=1))
"""

# a backbone and pipelines that the feature store accepts
FROZEN = """
_base_ = ['{root}/configs/convcut_quickstart.py']
model = dict(
    backbone=dict(
        arch=dict(_delete_=True, depths=[1, 1, 2, 1], channels=[8, 16, 24, 32]),
        num_blocks=None, frozen=True),
    neck=dict(in_channels=24, out_channels=16),
    head=dict(in_channels=16, embedding=8))
load = dict(type='LoadImageFromFile', imdecode_backend='pillow')
resize = dict(type='Resize', scale=({size}, {size}))
flip = dict(type='RandomFlip', prob=0.5, direction='horizontal')
pack = dict(type='PackInputs')
data = dict(data_root='{data}', train_per_class=12, test_per_class=4)
loader = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(
    **loader, batch_size=6, dataset=dict(**data, pipeline=[load, resize, flip, pack]))
val_dataloader = dict(**loader, dataset=dict(**data, pipeline=[load, resize, pack]))
test_dataloader = dict(**loader, dataset=dict(**data, pipeline=[load, resize, pack]))
train_cfg = dict(max_epochs={epochs})
"""


@pytest.fixture
def small_config(tmp_path, root):
    """Write a config with its faces in ``tmp_path / 'faces'``; return its path."""

    def write(
        name: str = 'small.py', epochs: int = 1, batch_size: int = 6, embedding=8, extra: str = ''
    ) -> Path:
        base = tmp_path / f'base_{name}'
        base.write_text(
            TEMPLATE.format(
                root=root,
                data=tmp_path / 'faces',
                epochs=epochs,
                batch_size=batch_size,
                embedding=embedding,
            )
        )
        path = tmp_path / name
        path.write_text(f"_base_ = ['{base.name}']\n{extra}")
        return path

    return write


@pytest.fixture(scope='module')
def frozen_config(tmp_path_factory, root):
    """Write a config whose training the feature store accepts; return its path."""
    folder = tmp_path_factory.mktemp('frozen')
    faces = tmp_path_factory.getbasetemp() / 'frozen_faces'

    def write(name: str, epochs: int = 1, size: int = 48, extra: str = '') -> Path:
        base = folder / f'base_{name}'
        base.write_text(FROZEN.format(root=root, data=faces, epochs=epochs, size=size))
        path = folder / name
        path.write_text(f"_base_ = ['{base.name}']\n{extra}")
        return path

    return write


@pytest.fixture(scope='session')
def contents():
    """Return all files of a feature store but the empty lock: {path below the folder: bytes}."""

    def read(store: Path) -> dict:
        return {
            str(path.relative_to(store)): path.read_bytes()
            for path in store.rglob('*')
            if path.is_file() and path.name != 'lock'
        }

    return read


@pytest.fixture
def run_tool_here(run_here, capsys):
    """Run a tool in this process, which saves the import; return (exit status, stderr)."""

    def run(tool: str, *args) -> tuple:
        return run_here(tool, *args), capsys.readouterr().err

    return run


@pytest.fixture(scope='session')
def fork_two(fork_tool, free_port):
    """Start a tool in two forks with the environment of torchrun."""

    def start(tool: str, *args) -> list:
        place = dict(WORLD_SIZE=2, LOCAL_WORLD_SIZE=2, MASTER_ADDR='127.0.0.1')
        place['MASTER_PORT'] = free_port()
        forks = []
        for rank in (0, 1):
            with pytest.MonkeyPatch.context() as patch:
                for name, value in dict(place, RANK=rank, LOCAL_RANK=rank).items():
                    patch.setenv(name, str(value))
                forks.append(fork_tool(tool, *args, '--launcher', 'pytorch'))
        return forks

    return start
