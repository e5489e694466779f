"""A run killed in the middle of an epoch and resumed equals one that was never interrupted."""

import signal

import pytest
import torch


@pytest.fixture
def one_thread():
    """One thread, as in the killed process: the same sums in the same order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_killed_and_resumed_run_ends_with_the_same_bits(
    tmp_path, run_here, fork_tool, small_config, one_thread, capfd
):
    config = small_config(epochs=3)

    def train_here(*options) -> str:
        assert run_here('tools/train.py', config, *options) == 0
        printed = capfd.readouterr()
        return printed.out + printed.err

    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    train_here('--work-dir', whole)
    fork = fork_tool('tools/train.py', config, '--work-dir', killed)
    status = fork.kill_when(lambda: 'Epoch(train) [3][10/' in fork.log.read_text())
    assert status == -signal.SIGKILL
    # what the kill left: whole checkpoints only, and none of the third epoch
    kept = sorted(path.name for path in killed.glob('*.pth'))
    assert 'epoch_2.pth' in kept and 'epoch_3.pth' not in kept
    assert (killed / 'last_checkpoint').read_text().endswith('epoch_2.pth')
    # a checkpoint that was being written has another name and is cleared away
    leftover = killed / f'.epoch_3.pth.{8 * "0a"}.convcut-tmp'
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
