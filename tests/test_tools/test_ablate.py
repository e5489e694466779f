"""tools/ablate.py: a set that is killed and resumes, its table, bad input."""

import fcntl
import json
import pickle
import re
import signal
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score

# the whole network, whose weights the rows' backbones are cut from
BACKBONE = """
model = dict(
    backbone=dict(num_stages=4, frozen=False),
    neck=dict(_delete_=True, type='GlobalAveragePooling'),
    head=dict(_delete_=True, type='LinearClsHead', in_channels=32, num_classes=7))
"""
ROW = """
model = dict(backbone=dict(init_cfg=dict(
    _delete_=True, type='Pretrained', checkpoint='put here by the tool', prefix='backbone.')))
default_hooks = dict(logger=dict(interval=1))
feature_store = dict(dtype='float32', dir='{store}')
"""
BALANCED = "train_dataloader = dict(sampler=dict(_delete_=True, type='ClassBalancedSampler'))"
SET = """
title: Sampling
metric: single-label/recall
backbone: backbone.py
rows:
  - {title: balanced, config: balanced.py, paper: {RAF-DB: 97.33}}
notes: [Drawn faces.]
"""


RUNS = 'balanced@single-label_recall'  # folder of the row's runs


@pytest.fixture(scope='module')
def small_set(frozen_config) -> Path:
    """Configs of a row on synthetic faces and of its backbone."""
    folder = frozen_config('backbone.py', epochs=1, extra=BACKBONE).parent
    row = ROW.format(store=folder / 'store')
    frozen_config('balanced.py', epochs=6, extra=row + BALANCED)
    (folder / 'sampling.yml').write_text(SET)
    return folder / 'sampling.yml'


@pytest.fixture(scope='module')
def killed_and_resumed(small_set, fork_tool, ablate_by_forks, tmp_path_factory):
    """Kill the set in the second run, then run it to the end: (work folder, output)."""
    work = tmp_path_factory.mktemp('ablations') / 'work'
    arguments = [small_set, '--seeds', 2, '--work-dir', work]
    log = work / RUNS / 'seed_1' / 'train.log'
    fork = fork_tool('tools/ablate.py', *arguments)
    status = fork.kill_when(
        lambda: log.is_file() and 'Epoch(train) [3]' in log.read_text(errors='replace')
    )
    assert status == -signal.SIGKILL
    assert not list(work.glob('*.md'))
    first = work / RUNS / 'seed_0' / 'predictions.pkl'
    before = first.stat().st_mtime_ns
    again = fork_tool('tools/ablate.py', *arguments)
    assert again.wait() == 0, again.log.read_text()[-3000:]
    assert first.stat().st_mtime_ns == before
    return work, again.log.read_text()


def test_killed_set_goes_on(killed_and_resumed):
    work, output = killed_and_resumed
    assert '1 of 2 runs are done' in output
    assert '[1/1] balanced, seed 1: to go on training from epoch_' in output
    assert 'resumed epoch: ' in (work / RUNS / 'seed_1' / 'train.log').read_text()
    # trained to the end, and the backbone once
    assert (work / RUNS / 'seed_1' / 'last_checkpoint').read_text().endswith('epoch_6.pth')
    assert not (work / 'backbone' / 'seed_1').exists()
    assert '0 s left' in output


def test_table_equals_the_predictions(killed_and_resumed):
    work, output = killed_and_resumed
    content = json.loads((work / 'sampling.json').read_text())
    (row,) = content['rows']
    text = (work / 'sampling.md').read_text()
    assert text in output
    samples = [
        pickle.loads((work / RUNS / f'seed_{seed}' / 'predictions.pkl').read_bytes())
        for seed in (0, 1)
    ]
    truth = [[int(one['gt_label']) for one in each] for each in samples]
    answers = [[int(one['pred_score'].argmax()) for one in each] for each in samples]
    for key, metric, options in (
        ('overall_accuracy', accuracy_score, {}),
        ('mean_class_accuracy', recall_score, dict(average='macro')),
        ('macro_f1', f1_score, dict(average='macro')),
    ):
        values = [100 * metric(t, a, **options) for t, a in zip(truth, answers)]
        assert row[key]['value'] == pytest.approx(np.mean(values))
        assert row[key]['spread'] == pytest.approx(np.std(values, ddof=1))
        low, high = row[key]['interval']
        assert low < high and low <= row[key]['value'] <= high
        assert f'| {np.mean(values):.2f} ± {np.std(values, ddof=1):.2f} (' in text
    assert row['seeds'] == [0, 1]
    assert row['paper'] == {'RAF-DB': 97.33} and '| 97.33 |' in text
    assert sum(content['classes'].values()) == 28 and content['classes']['fear'] == 4
    for line in (
        '- fitted on: DrawnFaces, train, part fit (held out: 0.1, seed 0, copies in one part)',
        '- tested on: DrawnFaces, test',
        '- epoch chosen by: mean class accuracy (single-label/recall) on DrawnFaces, train, part '
        'holdout',
        '- recipe: AdamW, learning rate 0.001, batches of 6, 6 epochs',
        '- Drawn faces.',
    ):
        assert line in text, line


def test_seed_and_sampler_arrive_in_the_training(killed_and_resumed):
    work, _ = killed_and_resumed
    first, second = (
        np.stack([one['pred_score'].numpy() for one in pickle.load(path.open('rb'))])
        for path in sorted(work.rglob('predictions.pkl'))
    )
    assert not np.array_equal(first, second)
    sampled = (work / RUNS / 'seed_0' / 'train.log').read_text()
    assert 'views in' in sampled and 'ClassBalancedSampler' in sampled


def test_dry_run_and_what_is_refused(killed_and_resumed, small_set, run_here, capsys):
    work, _ = killed_and_resumed

    def run(*options) -> tuple:
        capsys.readouterr()
        status = run_here('tools/ablate.py', small_set, '--work-dir', work, *options)
        printed = capsys.readouterr()
        # what is done so far comes before
        return status, printed.out, printed.err.strip().rpartition('\n')[2]

    status, out, _ = run('--seeds', 3, '--dry-run')
    states = [line.split(' (')[0] for line in out.splitlines()]
    assert status == 0 and states == [
        'balanced, seed 0: done',
        'balanced, seed 1: done',
        'balanced, seed 2: to train',
    ]
    assert not (work / RUNS / 'seed_2').exists()
    # a file that was cut short is no result
    cut = work / RUNS / 'seed_1' / 'predictions.pkl'
    whole = cut.read_bytes()
    cut.write_bytes(whole[:-100])
    assert 'balanced, seed 1: to test' in run('--seeds', 2, '--dry-run')[1]
    # held by another process, as after a kill of this tool alone
    with open(cut.with_name('lock'), 'ab') as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        status, _, err = run('--seeds', 2)
    assert (status, err) == (
        1,
        f'error: {cut.parent}: another process is working on this run; wait until it ends',
    )
    cut.write_bytes(whole)
    # another setting is another experiment
    status, _, err = run('--dry-run', '--cfg-options', 'train_cfg.max_epochs=2')
    assert status == 1 and f'{work}/backbone/seed_0: a run of other settings' in err
    for options, message in (
        (['--cfg-options', 'epochs'], '--cfg-options epochs: expected KEY=VALUE'),
        (['--seeds', 0], '--seeds 0: expected 1 or more'),
    ):
        status, _, err = run(*options)
        assert status == 1 and message in err


def test_a_failed_run_is_named_and_leaves_the_others_alone(
    killed_and_resumed, small_set, run_here, capsys
):
    """The evaluators of the first row do not give the set's metric. Two runs at a time."""
    work, _ = killed_and_resumed  # which has the backbone
    broken, short = small_set.with_name('broken.py'), small_set.with_name('short.py')
    broken.write_text("_base_ = ['balanced.py']\nval_evaluator = [dict(type='Accuracy')]\n")
    short.write_text("_base_ = ['balanced.py']\ntrain_cfg = dict(max_epochs=1)\n")
    listed = small_set.with_name('broken.yml')
    listed.write_text(
        'title: Broken\nmetric: single-label/recall\nbackbone: backbone.py\nrows:\n'
        '  - {title: broken, config: broken.py}\n  - {title: short, config: short.py}\n'
    )
    assert run_here('tools/ablate.py', listed, '--seeds', 1, '--jobs', 2, '--work-dir', work) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    log = work / 'broken@single-label_recall' / 'seed_0' / 'train.log'
    reason = f"{log}: train.py ended with status 1: error: save_best='single-label/recall': "
    reason += 'the evaluators give accuracy/top1; choose one'
    assert lines[-1] == f'error: {reason}'
    assert any(line.startswith(f'[1/2] broken, seed 0: failed ({reason})') for line in lines)
    assert re.search(r'^\[2/2\] short, seed 0: [0-9.]+ %, ', '\n'.join(lines), re.MULTILINE)
    content = json.loads((work / 'broken.json').read_text())
    assert [row['title'] for row in content['rows']] == ['short']
