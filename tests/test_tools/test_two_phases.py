"""The released program's two phases by one command, at a small scale."""

import json
import os
from pathlib import Path

import pytest
import torch

SMALL = """
_base_ = ['{root}/configs/convcut/convcut-released-atto_rafdb{phase}.py']
model = dict(
    backbone=dict(
        arch=dict(_delete_=True, depths=[1, 1, 2, 1], channels=[8, 16, 24, 32]),
        num_blocks=1,
        stem_patch_size=2),
    neck=dict(in_channels=24, out_channels=16),
    head=dict(in_channels=16))
load = dict(type='LoadImageFromFile', imdecode_backend='pillow')
resize = dict(type='Resize', scale=(48, 48))
pack = dict(type='PackInputs')
data = dict(data_root='{data}', pipeline=[load, resize, pack])
loader = dict(num_workers=0, persistent_workers=False, dataset=data)
train_dataloader = dict(batch_size=14, **loader)
val_dataloader = dict(**loader)
test_dataloader = dict(**loader)
train_cfg = dict(max_epochs={epochs})
{extra}
"""
# nothing is better by 200 %: the first epoch is the best, and two later the training is stopped
STOPS = """
custom_hooks = [
    dict(type='BalancedClassWeightHook'),
    dict(type='KerasEarlyStoppingHook', monitor='accuracy/top1', rule='greater', patience=2,
         min_delta=200)]
"""


@pytest.fixture(scope='module')
def write(tmp_path_factory, root):
    """Write both configs into a new folder; return their paths."""
    from convcut_mm.datasets.synthetic_faces import render_dataset

    faces = tmp_path_factory.mktemp('phases') / 'faces'
    render_dataset(faces, train_per_class=4, test_per_class=1, seed=0)

    def two(folder: Path, first: int, second: int, extra: str = '') -> list[Path]:
        paths = [folder / 'one.py', folder / 'two.py']
        for path, phase, epochs, more in zip(paths, ('', '_phase2'), (first, second), (extra, '')):
            text = SMALL.format(root=root, data=faces, phase=phase, epochs=epochs, extra=more)
            path.write_text(text)
        return paths

    return two


def weights(path: Path) -> dict:
    return torch.load(path, weights_only=False)


def logged(folder: Path) -> list[dict]:
    (log,) = sorted(folder.glob('*/vis_data/scalars.json'))
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_both_phases_and_their_resume(tmp_path, write, run_tool_here, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, two = write(tmp_path, 9, 2, STOPS)
    command = ('tools/train.py', one, '--then', two)
    status, err = run_tool_here(*command, '--cfg-options', 'default_hooks.logger.interval=1')
    assert status == 0, err[-2000:]
    first, second = tmp_path / 'work_dirs' / 'one', tmp_path / 'work_dirs' / 'two'
    # stopped after the third of nine epochs, with the weights of the first
    end = weights(first / 'end_of_training.pth')
    assert end['meta']['epoch'] == 3 and end['early_stopping']['best_epoch'] == 1
    best = weights(first / 'epoch_1.pth')['state_dict']
    assert all(torch.equal(value, best[key]) for key, value in end['state_dict'].items())
    # the second counts on from five epochs before, at least from none, to the second
    kept = {path.name for path in second.glob('epoch_*.pth')}
    assert kept == {'epoch_1.pth', 'epoch_2.pth'}
    last = weights(second / 'epoch_2.pth')
    gone = end['state_dict'].keys() - last['state_dict'].keys()
    assert gone == {'neck.norm.weight', 'neck.norm.bias'}
    for key, value in last['state_dict'].items():
        # nothing of the backbone learns, all else does
        assert torch.equal(value, end['state_dict'][key]) == key.startswith('backbone.'), key
    lines = logged(second)
    rates = [line['lr'] for line in lines if 'lr' in line]
    expected = [1e-5 / (1 + epoch / 80) for epoch in range(2)]
    assert rates == pytest.approx([rate for rate in expected for _ in range(2)])
    # Keras' accuracy of an epoch: of all its images, here two batches of the same size
    means = [line['train_accuracy'] for line in lines if 'train_accuracy' in line]
    batches = [line['accuracy_top-1'] for line in lines if 'accuracy_top-1' in line]
    assert means == pytest.approx([sum(batches[:2]) / 2, sum(batches[2:]) / 2])
    # nothing is left to do
    before = {path: os.stat(path).st_mtime_ns for path in tmp_path.glob('work_dirs/*/*.pth')}
    assert run_tool_here(*command, '--resume')[0] == 0
    assert before == {
        path: os.stat(path).st_mtime_ns for path in tmp_path.glob('work_dirs/*/*.pth')
    }


def test_second_phase_goes_on_counting(tmp_path, write, run_tool_here):
    """Alone, from a first phase that ended at epoch 30 of 100."""
    _, two = write(tmp_path, 1, 26)
    start = tmp_path / 'start.pth'
    from mmpretrain import get_model

    state = get_model(str(tmp_path / 'one.py')).state_dict()
    torch.save(dict(state_dict=state, meta=dict(epoch=30, iter=90)), start)
    options = (f'load_from={start}', 'default_hooks.logger.interval=1')
    status, err = run_tool_here(
        'tools/train.py', two, '--work-dir', tmp_path / 'work', '--cfg-options', *options
    )
    assert status == 0, err[-2000:]
    assert {path.name for path in (tmp_path / 'work').glob('epoch_*')} == {'epoch_26.pth'}
    (rate,) = {line['lr'] for line in logged(tmp_path / 'work') if 'lr' in line}
    assert rate == pytest.approx(1e-5 / (1 + 25 / 80))


@pytest.mark.parametrize(
    'meta, message',
    [
        (None, 'load_from=START: no such checkpoint'),
        ({}, 'START: does not say at which epoch it was saved'),
        (dict(epoch=9), 'START: the first phase ended at epoch 9, so this one would start at '),
    ],
    ids=['missing', 'no epoch', 'too late'],
)
def test_mistakes_are_told_in_one_line(meta, message, tmp_path, write, run_tool_here):
    _, two = write(tmp_path, 1, 4)
    start = tmp_path / 'start.pth'
    if meta is not None:
        torch.save(dict(state_dict={}, meta=meta), start)
    status, err = run_tool_here(
        'tools/train.py', two, '--work-dir', tmp_path / 'w', '--cfg-options', f'load_from={start}'
    )
    assert status == 1
    assert message.replace('START', str(start)) in err.splitlines()[-1]
    assert meta is not None or not (tmp_path / 'w').exists()


def test_two_trainings_have_two_folders(tmp_path, write, run_tool_here):
    one, _ = write(tmp_path, 1, 1)
    status, err = run_tool_here('tools/train.py', one, '--then', one)
    assert status == 1 and err.splitlines()[-1].startswith(f'error: --then {one}: both trainings')
