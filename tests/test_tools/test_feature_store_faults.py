"""The feature store after kills, races, damage and full disks holds the same bytes."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from convcut_mm.feature_store import builder as builder_module
from convcut_mm.feature_store import store as store_module

# 159 views make 40 shards
SHARD_ROWS = 4
HOOKS = """
import os, signal, time
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

@HOOKS.register_module()
class Fault(Hook):
    priority = 'HIGHEST'

    def before_train(self, runner):
        if os.environ.get('RANK') == '1':
            time.sleep(1)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if os.environ.get('KILL_AT') == f'{runner.epoch},{batch_idx}':
            os.kill(os.getpid(), signal.SIGKILL)
"""
EXTRA = """
custom_imports = dict(imports=['convcut_mm', 'fault_hook'], allow_failed_imports=False)
custom_hooks = [dict(type='Fault')]
"""


class Trainings:
    """Start trainings on stored features in forks, so that two can start at the same moment."""

    def __init__(self, folder: Path, config: Path, fork_tool: Callable) -> None:
        (folder / 'fault_hook.py').write_text(HOOKS)
        self.folder, self.config, self.fork_tool = folder, config, fork_tool

    def start(self, work: Path, store: Path, *options, start: Callable = None, **env):
        """Start tools/train.py; return its Fork, or the result of another ``start``."""
        with pytest.MonkeyPatch.context() as patch:  # the fork takes all of this along
            patch.setattr(store_module, 'SHARD_ROWS', SHARD_ROWS)
            patch.syspath_prepend(str(self.folder))
            for name, value in env.items():
                patch.setenv(name, value)
            arguments = (self.config, '--work-dir', work, '--cache-features', store, *options)
            return (start or self.fork_tool)('tools/train.py', *arguments)

    def run(self, *args, **env) -> str:
        """Run a whole training; return its output."""
        fork = self.start(*args, **env)
        status, said = fork.wait(), fork.log.read_text()
        assert status == 0, said[-3000:]
        return said


@pytest.fixture(scope='module')
def trainings(tmp_path_factory, frozen_config, fork_tool):
    """Trainings of a config that builds its store in about a second."""
    # large images, so that a build takes more than an instant
    config = frozen_config('faults.py', size=224, extra=EXTRA)
    return Trainings(tmp_path_factory.mktemp('trainings'), config, fork_tool)


@pytest.fixture(scope='module')
def whole(trainings):
    """The store of one undisturbed process."""
    trainings.run(trainings.folder / 'whole', trainings.folder / 'store')
    store = trainings.folder / 'store'
    assert len(shards(store)) == 40
    return store


def shards(store: Path) -> list:
    return [path for path in store.glob('*/*.json') if path.name != 'manifest.json']


def stored_rows(store: Path) -> list:
    return [
        (row['sha256'], row['view'])
        for path in shards(store)
        for row in json.loads(path.read_text())['rows']
    ]


def wait_for_shards(store: Path, count: int) -> None:
    """Return in the middle of a build."""
    wait_until(lambda: len(shards(store)) >= count, f'{store} has {count} shards')


def wait_until(condition: Callable, what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f'never: {what}'
        time.sleep(0.001)


# ---- kills and races ---------------------------------------------------------------------------


def test_a_build_killed_at_random_moments_ends_with_the_same_bytes(
    trainings, whole, contents, tmp_path
):
    store = tmp_path / 'store'
    rng = random.Random(0)
    had = 0
    for number in range(3):
        fork = trainings.start(tmp_path / f'killed{number}', store)
        wait_for_shards(store, had + rng.randint(1, 8))
        time.sleep(rng.uniform(0, 0.03))
        os.kill(fork.process.pid, signal.SIGKILL)
        assert fork.wait() == -signal.SIGKILL
        had = len(shards(store))
        assert 0 < had < 40
    # what a killed training on other images leaves is no name of this plan
    (next(store.iterdir()) / '.0123456789abcdef.bin.9.convcut-tmp').write_bytes(b'half')
    said = trainings.run(tmp_path / 'last', store)
    # only the last shard is not full, and it comes last
    assert f'{159 - had * SHARD_ROWS} views to compute' in said
    assert contents(store) == contents(whole)


def test_two_trainings_started_at_once_share_the_work(trainings, whole, contents, tmp_path):
    store = tmp_path / 'store'
    forks = [trainings.start(tmp_path / name, store) for name in ('one', 'two')]
    assert [fork.wait() for fork in forks] == [0, 0]
    for fork in forks:
        assert 'views to compute' in fork.log.read_text()
    rows = stored_rows(store)
    assert len(rows) == len(set(rows)) == 159
    assert contents(store) == contents(whole)
    a, b = (
        torch.load(tmp_path / name / 'epoch_1.pth', weights_only=False)['state_dict']
        for name in ('one', 'two')
    )
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_one_of_two_is_killed_and_the_other_does_its_work(trainings, whole, contents, tmp_path):
    store = tmp_path / 'store'
    one, two = (trainings.start(tmp_path / name, store) for name in ('one', 'two'))
    wait_for_shards(store, 1)
    # so late that the other has begun and has cleaned up already
    wait_until(lambda: 'views to compute' in two.log.read_text(), 'two builds')
    os.kill(one.process.pid, signal.SIGKILL)
    assert [one.wait(), two.wait()] == [-signal.SIGKILL, 0]
    assert contents(store) == contents(whole)


def test_two_processes_of_a_training_build_the_store_of_one(
    trainings, whole, contents, tmp_path, fork_two
):
    """The second process is late, as with images on a slower disk."""
    store = tmp_path / 'store'
    for fork in trainings.start(tmp_path / 'work', store, start=fork_two):
        assert fork.wait(45) == 0, fork.log.read_text()[-3000:]
    rows = stored_rows(store)
    assert len(rows) == len(set(rows)) == 159
    assert contents(store) == contents(whole)
    assert (tmp_path / 'work' / 'epoch_1.pth').is_file()


def test_a_training_killed_within_an_epoch_and_resumed_ends_with_the_same_bits(
    trainings, whole, contents, tmp_path
):
    epochs = ('--cfg-options', 'train_cfg.max_epochs=3')
    trainings.run(tmp_path / 'whole', whole, *epochs)
    killed = tmp_path / 'killed'
    assert trainings.start(killed, whole, *epochs, KILL_AT='2,4').wait() == -signal.SIGKILL
    assert (killed / 'epoch_2.pth').is_file() and not (killed / 'epoch_3.pth').exists()
    said = trainings.run(killed, whole, '--resume', *epochs)
    assert 'resumed epoch: 2' in said and 'to compute' not in said
    a, b = (
        torch.load(folder / 'epoch_3.pth', weights_only=False)
        for folder in (tmp_path / 'whole', killed)
    )
    assert list(a['state_dict']) == list(b['state_dict'])
    for key, value in a['state_dict'].items():
        assert torch.equal(value, b['state_dict'][key]), key
    for index, state in a['optimizer']['state'].items():
        for key, value in state.items():
            assert torch.equal(value, b['optimizer']['state'][index][key]), (index, key)


# ---- damage ------------------------------------------------------------------------------------


def test_damaged_shards_are_named_and_computed_again(trainings, whole, contents, tmp_path):
    store = Path(shutil.copytree(whole, tmp_path / 'store'))
    flipped, cut, missing, unlisted, unreadable, renamed = shards(store)[:6]
    content = bytearray(flipped.with_suffix('.bin').read_bytes())
    content[1000] ^= 1
    flipped.with_suffix('.bin').write_bytes(content)
    cut.with_suffix('.bin').write_bytes(cut.with_suffix('.bin').read_bytes()[:-100])
    missing.with_suffix('.bin').unlink()
    unlisted.unlink()
    unreadable.write_bytes(unreadable.read_bytes()[:100])
    content = renamed.read_bytes()
    renamed.write_bytes(content.replace(b'"view": "plain"', b'"view": "plane"', 1))
    assert content != renamed.read_bytes()
    said = trainings.run(tmp_path / 'work', store)
    for path, words in (
        (flipped, '.bin is not what was written (checksum); computing it again'),
        (cut, '.bin has '),
        (missing, '.bin is missing; computing it again'),
        (unreadable, '.json is not readable; computing it again'),
        (renamed, '.json is not what was written (checksum); computing it again'),
    ):
        lines = [line for line in said.splitlines() if f'{path.stem}{words}' in line]
        assert len(lines) == 1 and ' WARNING ' in lines[0] and str(path.parent) in lines[0]
    assert contents(store) == contents(whole)


# ---- full disks --------------------------------------------------------------------------------

ROW_BYTES = 3 * 3 * 24 * 2


@pytest.fixture
def disk(tmp_path):
    """Mount a small disk: ``disk('64k')`` returns its folder; a second call changes its size."""
    folder = tmp_path / 'disk'

    def mount(size: str) -> Path:
        again = ['-o', f'remount,size={size}', folder]
        first = ['-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', folder]
        command = again if folder.exists() else first
        folder.mkdir(exist_ok=True)
        done = subprocess.run(['mount', *map(str, command)], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f'a small disk cannot be mounted here: {done.stderr.strip()}')
        return folder

    yield mount
    # lazily: features of a training in this process are still mapped
    subprocess.run(['umount', '-l', folder], capture_output=True)


@pytest.fixture
def train_on(frozen_config, run_tool_here, tmp_path):
    """Train with a store on that disk; return exit status and the last line of stderr."""

    def run(store: Path) -> tuple:
        config = frozen_config('disk.py')
        status, err = run_tool_here(
            'tools/train.py', config, '--work-dir', tmp_path / 'work', '--cache-features', store
        )
        return status, err.strip().splitlines()[-1]

    return run


def files(store: Path) -> set:
    """Return the names of all files of a store but the lock and the manifest."""
    present = {path.name for path in store.rglob('*') if path.is_file()}
    return present - {'lock', 'manifest.json'}


def test_too_small_a_disk_is_refused_before_anything_is_computed(disk, train_on):
    store = disk('64k') / 'store'
    status, line = train_on(store)
    assert status == 1 and line.startswith(f'error: {store}')
    free = shutil.disk_usage(store).free
    assert f'take {159 * ROW_BYTES / 1000:.1f} kB, only {free / 1000:.1f} kB are free' in line
    assert files(store) == set()


def test_a_disk_without_a_free_byte_is_one_line(disk, train_on):
    folder = disk('64k')
    (folder / 'full').write_bytes(bytes(64 * 1024))
    status, line = train_on(folder / 'store')
    assert status == 1 and line.startswith(f'error: {folder / "store"}')


@pytest.fixture
def later_fullness(monkeypatch):
    """The check of free space skips the lists, as if another program used the space later."""
    monkeypatch.setattr(builder_module, '_LIST_BYTES', 0)


def test_a_disk_that_fills_up_at_the_only_shard_keeps_nothing_of_it(
    disk, train_on, later_fullness
):
    store = disk('80k') / 'store'
    status, line = train_on(store)
    assert status == 1 and line.startswith(f'error: {store}')
    assert 'No space left on device' in line
    assert files(store) == set()


@pytest.mark.parametrize('size', ['72k', '76k'])
def test_a_disk_that_fills_up_keeps_whole_shards_and_a_larger_one_goes_on(
    size, disk, train_on, later_fullness, monkeypatch, contents, tmp_path
):
    monkeypatch.setattr(store_module, 'SHARD_ROWS', 16)
    store = disk(size) / 'store'
    status, line = train_on(store)
    assert status == 1 and line.startswith(f'error: {store}')
    assert 'No space left on device' in line
    kept = contents(store)
    names = {path.stem for path in shards(store)}
    assert 0 < len(names) < 10
    assert files(store) == {f'{name}{end}' for name in names for end in ('.bin', '.json')}
    if size != '72k':
        return
    disk('400k')
    assert train_on(store)[0] == 0
    assert train_on(tmp_path / 'elsewhere')[0] == 0
    assert contents(store) == contents(tmp_path / 'elsewhere')
    assert {name: contents(store)[name] for name in kept} == kept
