"""The scripts that start a tool in several processes; test_two_processes.py trains with one."""

import subprocess

import pytest

SLURM = {'slurm_train.sh': ('train.py', '--work-dir'), 'slurm_test.sh': ('test.py',)}


@pytest.mark.parametrize('script', SLURM)
def test_what_slurm_is_asked_for(script, root, tmp_path, monkeypatch):
    """In the place of Slurm, a command of its name writes down its words."""
    (tmp_path / 'srun').write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / 'srun').chmod(0o755)
    monkeypatch.setenv('PATH', f'{tmp_path}:/usr/bin:/bin')
    for name, value in dict(GPUS='4', GPUS_PER_NODE='2', SRUN_ARGS='--mem=8G -t 10').items():
        monkeypatch.setenv(name, value)
    tool, *option = SLURM[script]
    done = subprocess.run(
        ['bash', root / 'tools' / script, 'gpu', 'my job', 'a config.py', 'last word', '--amp'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    words = done.stdout.splitlines()
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
