"""torchrun with gloo on two CPU processes computes what one process computes."""

import json
import pickle
from pathlib import Path

import numpy as np
import torch

# mmengine logs the loss of the first process only: this hook writes every process's
HOOK = """
import json, os
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

@HOOKS.register_module()
class WriteLosses(Hook):
    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        with open(f'{runner.work_dir}/losses{os.environ.get("RANK", "0")}.jsonl', 'a') as file:
            file.write(json.dumps(outputs['loss'].item()) + chr(10))
"""
# Dropout masks and batch statistics are drawn for each process and so differ by nature; SGD, since
# Adam turns rounding in gradients near zero into whole steps
EXTRA = """
custom_imports = dict(imports=['convcut_mm', 'write_losses'], allow_failed_imports=False)
model = dict(backbone=dict(drop_path_rate=0.), neck=dict(dropout=0.), head=dict(dropout=0.))
optim_wrapper = dict(_delete_=True, optimizer=dict(type='SGD', lr=0.05, momentum=0.9))
param_scheduler = []
custom_hooks = [dict(type='WriteLosses')]
# 72 images to fit, which both processes share in equal batches: no last batch is padded
train_dataloader = dict(dataset=dict(holdout=1 / 7))
val_dataloader = dict(dataset=dict(holdout=1 / 7))
"""


def losses(folder: Path, rank: int) -> np.ndarray:
    return np.array([json.loads(line) for line in (folder / f'losses{rank}.jsonl').open()])


def test_two_processes_equal_one(tmp_path, run_here, fork_two, small_config, monkeypatch, capsys):
    (tmp_path / 'write_losses.py').write_text(HOOK)
    one, two = tmp_path / 'one', tmp_path / 'two'
    single = small_config('single.py', 2, batch_size=8, embedding=None, extra=EXTRA)
    double = small_config('double.py', 2, batch_size=4, embedding=None, extra=EXTRA)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run_here('tools/train.py', single, '--work-dir', one) == 0
    forks = fork_two('tools/train.py', double, '--work-dir', two)
    assert [fork.wait() for fork in forks] == [0, 0], forks[0].log.read_text()[-3000:]
    alone, mean = losses(one, 0), (losses(two, 0) + losses(two, 1)) / 2
    assert len(alone) == len(mean) > 10
    assert np.abs(alone - mean).max() < 1e-4, np.abs(alone - mean)
    a, b = (
        torch.load(folder / 'epoch_2.pth', weights_only=False)['state_dict']
        for folder in (one, two)
    )
    assert max((a[key] - b[key]).abs().max().item() for key in a) < 1e-4

    capsys.readouterr()
    out = ('--work-dir', one, '--out', tmp_path / 'one.pkl')
    assert run_here('tools/test.py', single, one / 'epoch_2.pth', *out) == 0
    printed_alone = capsys.readouterr().out
    out = ('--work-dir', two, '--out', tmp_path / 'two.pkl')
    forks = fork_two('tools/test.py', double, one / 'epoch_2.pth', *out)
    printed_by_two = [fork.log.read_text() for fork in forks if fork.wait() == 0]
    assert len(printed_by_two) == 2
    scores = [
        np.stack([r['pred_score'].numpy() for r in pickle.load((tmp_path / f).open('rb'))])
        for f in ('one.pkl', 'two.pkl')
    ]
    assert scores[0].shape == (28, 7)
    assert np.abs(scores[0] - scores[1]).max() < 1e-5
    lines = [
        [line for line in printed.splitlines() if '(95 % interval' in line]
        for printed in (printed_alone, *printed_by_two)
    ]
    # the second process says nothing
    assert len(lines[0]) == 2 and lines[0] == lines[1] and not lines[2]
