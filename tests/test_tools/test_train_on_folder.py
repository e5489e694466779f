"""tools/train.py --data-folder: a tree of faces, and weights of other classes."""

import os
import re
import select
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from convcut_mm.datasets import RAFDB

KNOWN = RAFDB.METAINFO['classes']


def write_faces(folder: Path, each: int = 6, size: int = 64, **brightness: int) -> Path:
    """Write ``each`` images of noise a class, in folders; the classes differ in brightness."""
    for name, level in brightness.items():
        noise = np.random.default_rng(list(name.encode()))  # no copies between classes
        (folder / name).mkdir(parents=True)
        for number in range(each):
            pixels = noise.integers(level, level + 60, (size, size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f'{number}.png')
    return folder


@pytest.fixture
def train(run_tool_here, small_config, tmp_path, monkeypatch):
    """Train a small network for an epoch without changing it; return (status, stderr)."""

    def run(*options, extra: str = '') -> tuple:
        monkeypatch.chdir(tmp_path)  # where work_dirs appears
        config = small_config(
            extra='optim_wrapper = dict(optimizer=dict(lr=0.0))\n'
            + (extra or 'train_dataloader = dict(num_workers=0, persistent_workers=False)')
        )
        return run_tool_here('tools/train.py', config, *options)

    return run


@pytest.fixture
def weights(small_config, tmp_path):
    """Write a checkpoint of the small network with RAF-DB's seven classes."""
    from mmpretrain import get_model

    def save(**changes) -> Path:
        generator = torch.Generator().manual_seed(1)
        model = get_model(str(small_config('for_weights.py')))
        state = model.state_dict()
        for key, value in state.items():
            if value.is_floating_point():
                drawn = 0.3 * torch.randn(value.shape, generator=generator)
                state[key] = (drawn.abs() if key.endswith('running_var') else drawn).half()
        state.update(changes)
        path = tmp_path / 'weights.pth'
        torch.save(state, path)
        return path

    return save


def test_from_weights_to_a_test_and_a_resume(train, weights, run_here, tmp_path, capsys):
    write_faces(tmp_path / 'mine', anger=0, boredom=70, happy=140)
    path = weights()
    options = ('--data-folder', 'mine', '--pretrained', path, '--resume')
    status, err = train(*options)  # finds nothing to resume, and so starts from the weights
    assert status == 0, err
    work = tmp_path / 'work_dirs' / 'small_mine'
    checkpoint = torch.load(work / 'epoch_1.pth', weights_only=False)
    assert checkpoint['meta']['dataset_meta']['classes'] == ('anger', 'boredom', 'happy')
    before, after = torch.load(path, weights_only=True), checkpoint['state_dict']
    for key in after:
        if key.startswith(('backbone.', 'neck.')):
            assert torch.equal(after[key], before[key].float()), key
    # the file names no classes, so they are those of the config's own data
    rows = [KNOWN.index('anger'), KNOWN.index('happiness')]
    assert torch.equal(after['head.fc.weight'][[0, 2]], before['head.fc.weight'][rows].float())
    assert not any(
        torch.equal(after['head.fc.weight'][1], row) for row in before['head.fc.weight']
    )
    # the written config says all that a test needs, and changes no checkpoint
    config = Config.fromfile(work / 'small.py')
    assert config.model.head.num_classes == config.data_preprocessor.num_classes == 3
    splits = [config[f'{name}_dataloader'].dataset.split for name in ('train', 'val', 'test')]
    assert splits == ['train', 'val', 'test']
    assert run_here('tools/test.py', work / 'small.py', work / 'epoch_1.pth') == 0
    out = capsys.readouterr().out
    assert 'overall accuracy' in out and 'boredom' in out
    assert run_here('tools/test.py', work / 'small.py', path) == 1
    assert 'shape (7, ' in capsys.readouterr().err.strip().splitlines()[-1]
    # resumed, the classifier is the run's own
    status, err = train(*options, '--cfg-options', 'train_cfg.max_epochs=2')
    assert status == 0, err
    last = torch.load(work / 'epoch_2.pth', weights_only=False)['state_dict']
    assert torch.equal(last['head.fc.weight'], after['head.fc.weight'])


def test_images_of_any_size_and_batches_larger_than_the_folder(train, tmp_path):
    folder = write_faces(tmp_path / 'mine', a=0, b=100)
    write_faces(folder / 'more', each=5, size=90, c=50)
    (folder / 'more' / 'c').rename(folder / 'c')
    (folder / 'more').rmdir()
    load = "dict(type='LoadImageFromFile', imdecode_backend='pillow')"
    extra = (
        f"train_pipeline = [{load}, dict(type='RandomCrop', crop_size=64, padding=4), "
        f"dict(type='PackInputs')]\n"
        f"test_pipeline = [{load}, dict(type='Resize', scale=(64, 64)), dict(type='PackInputs')]\n"
        'train_dataloader = dict(\n'
        '    batch_size=512, drop_last=True, num_workers=0, persistent_workers=False,\n'
        '    dataset=dict(pipeline=train_pipeline))\n'
        'val_dataloader = dict(dataset=dict(pipeline=test_pipeline))\n'
        'test_dataloader = dict(dataset=dict(pipeline=test_pipeline))\n'
    )
    status, err = train('--data-folder', folder, extra=extra)
    assert status == 0, err
    config = Config.fromfile(tmp_path / 'work_dirs' / 'small_mine' / 'small.py')
    steps = [step.type for step in config.train_dataloader.dataset.pipeline]
    assert steps == ['LoadImageFromFile', 'Resize', 'RandomCrop', 'PackInputs']
    assert config.train_dataloader.batch_size == 11  # of 17, 6 are for val and test
    last = torch.load(tmp_path / 'work_dirs' / 'small_mine' / 'epoch_1.pth', weights_only=False)
    assert last['meta']['iter'] == 1


def test_class_names_of_any_kind(train, run_here, tmp_path, capsys):
    """Class names of markup, options, quotes, code, other scripts, 240 bytes fit a config."""
    names = ['[red]x', '<b>x', '-rf', "a'b", 'a"b', 'a\\b', '=1+1', '$HOME', '{0}', 'é' * 120]
    names += ["'); import os; os.mkdir('pwned'); ('", '表情', ' x ']
    write_faces(tmp_path / 'mine', each=3, **dict.fromkeys(names, 50))
    status, err = train('--data-folder', 'mine', '--pretrained', 'none')
    assert status == 0, err
    work = tmp_path / 'work_dirs' / 'small_mine'
    classes = torch.load(work / 'epoch_1.pth', weights_only=False)['meta']['dataset_meta']
    assert classes['classes'] == tuple(sorted(names))
    assert run_here('tools/test.py', work / 'small.py', work / 'epoch_1.pth') == 0
    out = capsys.readouterr().out
    assert all(name in out for name in names) and not (tmp_path / 'pwned').exists()


def line_of(result: tuple, tmp_path: Path) -> str:
    status, err = result
    assert status == 1 and not (tmp_path / 'work_dirs').exists()
    return err.strip().splitlines()[-1]


def test_bad_folders(train, tmp_path):
    folder = tmp_path / 'mine'
    folder.mkdir()
    assert f'{folder}: no folder in it' in line_of(train('--data-folder', folder), tmp_path)
    write_faces(folder, a=0)
    assert 'only the class "a"' in line_of(train('--data-folder', folder), tmp_path)
    write_faces(folder, each=1, b=0)
    assert f'{folder}/b: only 1 image' in line_of(train('--data-folder', folder), tmp_path)
    write_faces(folder, c=0)
    (folder / 'b' / '0.png').rename(folder / 'c' / 'x.png')
    (folder / 'b').rmdir()
    (folder / 'c' / '3.png').write_text('no image')
    line = line_of(train('--data-folder', folder), tmp_path)
    assert line.startswith('error: 1 of 13 images cannot be read: ') and '3.png' in line


def test_bad_weights(train, weights, tmp_path):
    write_faces(tmp_path / 'mine', a=0, b=100)
    options = ('--data-folder', 'mine', '--pretrained')
    assert 'nowhere.pth: no such checkpoint' in line_of(train(*options, 'nowhere.pth'), tmp_path)
    other = weights(**{'neck.extra': torch.zeros(3)})
    line = line_of(train(*options, other), tmp_path)
    assert str(other) in line and 'another architecture' in line and '"neck.extra"' in line


@pytest.fixture
def run_script(run_here, tmp_path, monkeypatch, capsys):
    """Runs a bash script in ``tmp_path``, its ``python tools/...`` and ``-c`` in this process.

    Each saves the six seconds of imports. Gives what was printed.
    """
    asked, answered = tmp_path / 'asked', tmp_path / 'answered'
    shim = f"""
python() {{
    printf '%s\\0' "$@" > {asked}
    read -r status < {answered}
    return "$status"
}}
"""

    def run(script: str) -> str:
        for fifo in (asked, answered):
            os.mkfifo(fifo)
        monkeypatch.chdir(tmp_path)
        own = Path(sys.executable).parent
        monkeypatch.setenv('PATH', f'{own}{os.pathsep}{os.environ["PATH"]}')
        capsys.readouterr()
        bash = ['bash', '-euo', 'pipefail', '-c', shim + script]
        with subprocess.Popen(
            bash, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            reader = os.open(asked, os.O_RDWR)  # a writer of its own, so that it never ends
            while process.poll() is None:
                if not select.select([reader], [], [], 0.05)[0]:
                    continue
                words = b''
                while not words.endswith(b'\0'):
                    words += os.read(reader, 1 << 16)
                first, *more = words.decode().split('\0')[:-1]
                if first == '-c':
                    exec(more[0], {'__name__': '__main__'})
                    status = 0
                else:
                    status = run_here(first, *more)
                answered.write_text(f'{status}\n')
            os.close(reader)
            printed = process.stdout.read()
        here = capsys.readouterr()
        assert process.returncode == 0, (here.out + here.err + printed)[-3000:]
        return here.out + here.err + printed

    return run


def test_example_of_the_page(root, page_blocks, run_script, tmp_path):
    """Run the ten lines of docs/add_a_data_set.md as they are."""
    ((_, _, example),) = page_blocks(
        'docs/add_a_data_set.md', 'test_tools/test_train_on_folder.py'
    )
    assert len(example.strip().splitlines()) <= 10
    # so few that an epoch has one step
    write_faces(tmp_path / 'faces', each=6, size=48, joy=0, boredom=100, awe=180)
    for name in ('configs', 'tools'):
        (tmp_path / name).symlink_to(root / name)
    said = run_script(example)
    assert 'overall accuracy' in said
    assert '[3][1/1]  base_lr: 2.0000e-04 ' in said  # the warm-up has ended
    for alarming in ('Fail to import', 'Could not import'):
        assert alarming not in said
    # one dictionary, printed by the last line
    assert re.search(r"^\[\{.*'expression': '(awe|boredom|joy)'.*\}\]$", said, re.MULTILINE), said
