"""The scripts that start a tool in several processes, which test_two_processes.py runs."""

import subprocess
from pathlib import Path

import pytest
from torch.distributed.run import parse_args

SLURM = {'slurm_train.sh': ('train.py', '--work-dir'), 'slurm_test.sh': ('test.py',)}


def words_for(command: str, folder: Path, patch, *call) -> list[str]:
    """What a script asks a command for: one of its name writes down its words."""
    (folder / command).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (folder / command).chmod(0o755)
    patch.setenv('PATH', f'{folder}:/usr/bin:/bin')
    return subprocess.check_output(['bash', *call], text=True).splitlines()


@pytest.mark.parametrize(
    'script, tool, more',
    [('dist_train.sh', 'train.py', []), ('dist_test.sh', 'test.py', ['a checkpoint.pth'])],
)
def test_what_torchrun_is_asked_for(script, tool, more, root, tmp_path, monkeypatch):
    for name, value in dict(NNODES='2', NODE_RANK='1', MASTER_ADDR='10.0.0.1', PORT='7').items():
        monkeypatch.setenv(name, value)
    call = (root / 'tools' / script, 'a config.py', *more, '4', '--amp')
    # as torchrun itself reads them
    asked = parse_args(words_for('torchrun', tmp_path, monkeypatch, *call))
    place = asked.nproc_per_node, asked.nnodes, asked.node_rank
    assert place == ('4', '2', 1) and (asked.master_addr, asked.master_port) == ('10.0.0.1', 7)
    assert asked.training_script == str(root / 'tools' / tool)
    assert asked.training_script_args == ['a config.py', *more, '--launcher', 'pytorch', '--amp']


@pytest.mark.parametrize('script', SLURM)
def test_what_slurm_is_asked_for(script, root, tmp_path, monkeypatch):
    for name, value in dict(GPUS='4', GPUS_PER_NODE='2', SRUN_ARGS='--mem=8G -t 10').items():
        monkeypatch.setenv(name, value)
    tool, *option = SLURM[script]
    call = (root / 'tools' / script, 'gpu', 'my job', 'a config.py', 'last word', '--amp')
    words = words_for('srun', tmp_path, monkeypatch, *call)
    assert words[:2] == ['-p', 'gpu'] and '--job-name=my job' in words
    assert '--ntasks=4' in words and {'--gres=gpu:2', '--ntasks-per-node=2'} <= set(words)
    start = words.index('python')
    assert words[start - 3 : start] == ['--mem=8G', '-t', '10']
    called = [str(root / 'tools' / tool), 'a config.py', *option, 'last word']
    assert words[start + 1 :] == ['-u', *called, '--launcher', 'slurm', '--amp']


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', *SLURM])
def test_too_few_words(script, root):
    done = subprocess.run(['bash', root / 'tools' / script, 'one'], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith('usage: bash ') and script in done.stderr
