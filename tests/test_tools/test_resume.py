"""A run killed in the middle of an epoch and resumed equals one that was never interrupted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]


def train_and_kill(config: Path, work_dir: Path, mark: str) -> None:
    """Starts a training and kills it, workers included, when ``mark`` appears in its log."""
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', 'PYTHONUNBUFFERED': '1'}
    process = subprocess.Popen(
        [sys.executable, 'tools/train.py', str(config), '--work-dir', str(work_dir)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    for line in process.stdout:
        if mark in line:
            os.killpg(process.pid, signal.SIGKILL)
            break
    else:
        pytest.fail(f'"{mark}" never appeared')
    process.wait()
    assert process.returncode == -signal.SIGKILL


@pytest.fixture
def one_thread():
    """One thread, as the process that is killed has it: the same sums in the same order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_killed_and_resumed_run_ends_with_the_same_bits(
    tmp_path, run_here, small_config, one_thread, capfd
):
    config = small_config(epochs=3)

    def train_here(*options) -> str:
        assert run_here('tools/train.py', config, *options) == 0
        printed = capfd.readouterr()
        return printed.out + printed.err

    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    train_here('--work-dir', whole)
    train_and_kill(config, killed, 'Epoch(train) [3][10/')
    # what the kill left: whole checkpoints only, and none of the third epoch
    kept = sorted(path.name for path in killed.glob('*.pth'))
    assert 'epoch_2.pth' in kept and 'epoch_3.pth' not in kept
    assert (killed / 'last_checkpoint').read_text().endswith('epoch_2.pth')
    # a checkpoint that was being written has another name and is cleared away
    leftover = killed / '.epoch_3.pth.1.convcut-tmp'
    leftover.write_bytes((killed / 'epoch_2.pth').read_bytes()[:1000])
    output = train_here('--work-dir', killed, '--resume')
    assert 'resumed epoch: 2' in output
    assert not leftover.exists()
    a, b = (torch.load(folder / 'epoch_3.pth', weights_only=False) for folder in (whole, killed))
    assert a['state_dict'].keys() == b['state_dict'].keys()
    for key, value in a['state_dict'].items():
        assert torch.equal(value, b['state_dict'][key]), key
    for index, state in a['optimizer']['state'].items():
        for key, value in state.items():
            assert torch.equal(value, b['optimizer']['state'][index][key]), (index, key)
    assert a['early_stopping'] == b['early_stopping']
    assert a['param_schedulers'] == b['param_schedulers']


def test_a_cut_checkpoint_is_refused(tmp_path, run_tool_here, small_config):
    config = small_config()
    cut = tmp_path / 'epoch_1.pth'
    torch.save(dict(state_dict=dict(a=torch.ones(10000))), cut)
    cut.write_bytes(cut.read_bytes()[:20000])
    status, err = run_tool_here(
        'tools/train.py', config, '--work-dir', tmp_path / 'work', '--resume', cut
    )
    assert status == 1
    assert f'error: {cut}: not a whole checkpoint file' in err.splitlines()[-1]
