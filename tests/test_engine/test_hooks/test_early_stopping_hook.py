"""Early stopping and plateau follow Keras' rules, epoch by epoch, for made-up accuracies."""

import math

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from convcut_mm import ConvcutError

PATIENCE, RATE, LEAST = 5, 1e-3, 1e-6


class Counter(BaseModel):
    """A model whose weights tell how many epochs of one batch it has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.register_buffer('seen', torch.tensor(0))

    def forward(self, inputs, mode='loss'):
        if mode != 'loss':
            return [{}]
        self.seen += 1
        return dict(loss=self.weight.square().sum())


class Scripted(BaseMetric):
    """Gives one accuracy after another, and notes the rate of the epoch that they follow."""

    default_prefix = 'accuracy'

    def __init__(self, accuracies: list[float]) -> None:
        super().__init__()
        self.left, self.rates = list(accuracies), []

    def process(self, data_batch, data_samples) -> None:
        self.results.append(0)

    def compute_metrics(self, results) -> dict:
        self.rates += self.optimizer.get_lr()['lr'][:1]
        return dict(top1=self.left.pop(0))


def keras(accuracies: list[float], delta: float, plateau: int) -> tuple[list[float], int]:
    """Rate of each epoch that is trained, and the epoch whose weights are there at the end."""
    rates, rate = [], RATE
    best, kept, wait = -math.inf, 0, 0  # EarlyStopping
    top, flat = -math.inf, 0  # ReduceLROnPlateau
    for epoch, accuracy in enumerate(accuracies, 1):
        rates.append(rate)
        if accuracy > top + delta:
            top, flat = accuracy, 0
        else:
            flat += 1
            if flat >= plateau and rate > LEAST:
                rate, flat = max(rate * 0.1, LEAST), 0
        wait += 1
        if accuracy - delta > best:
            best, kept, wait = accuracy, epoch, 0
        if wait >= PATIENCE:
            return rates, kept
    return rates, len(rates)


@pytest.fixture
def train(tmp_path, request):
    """Train over made-up accuracies; return (rates, epochs seen by the final weights, folder)."""

    def run(accuracies: list[float], delta: float, plateau: int, interval=1, **hook) -> tuple:
        metric = Scripted(accuracies)
        loader = dict(
            dataset=[dict(inputs=torch.zeros(1))],
            batch_size=1,
            sampler=dict(type='DefaultSampler', shuffle=False),
        )
        runner = Runner(
            model=Counter(),
            work_dir=str(tmp_path / 'work'),
            train_dataloader=loader,
            val_dataloader=dict(loader),
            train_cfg=dict(by_epoch=True, max_epochs=len(accuracies)),
            val_cfg=dict(),
            val_evaluator=[metric],
            optim_wrapper=dict(optimizer=dict(type='Adam', lr=RATE)),
            param_scheduler=dict(
                type='ReduceOnPlateauLR',
                monitor='accuracy/top1',
                rule='greater',
                factor=0.1,
                patience=plateau - 1,
                threshold=delta,
                threshold_rule='abs',
                min_value=LEAST,
            ),
            default_hooks=dict(
                checkpoint=dict(
                    type='AtomicCheckpointHook',
                    interval=interval,
                    max_keep_ckpts=2,
                    save_best='accuracy/top1',
                    rule='greater',
                ),
                logger=None,
            ),
            custom_hooks=[
                dict(
                    type='KerasEarlyStoppingHook',
                    monitor='accuracy/top1',
                    rule='greater',
                    min_delta=delta,
                    patience=PATIENCE,
                    **hook,
                )
            ],
            default_scope='mmpretrain',
            experiment_name=f'{tmp_path.name}_{request.node.name}',
        )
        metric.optimizer = runner.build_optim_wrapper(runner.optim_wrapper)
        runner.optim_wrapper = metric.optimizer
        model = runner.train()
        return metric.rates, int(model.seen), tmp_path / 'work'

    return run


SLOW = [50 + 0.125 * step for step in range(16)]
SEQUENCES = dict(
    # ties, and steps of exactly min_delta, which do not count
    ties=[50, 50, 50.25, 50.25, 50.5, 50.5, 50.75, 50.75, 50.75, 50.75, 51, 51, 51, 51, 51, 51],
    # the best epoch (the last) is one step of less than min_delta above what counts as best
    small_steps=[40, 60, 60.125, 60.25, 60.125, 60.25, 60.25, 61],
    slow=SLOW,
    never_fires=[50, 51, 52, 53, 54, 55, 54, 53, 52, 51],
    fires_at_the_end=[50, 51, 52, 51, 51, 51, 51, 51],
    would_fire_after_the_end=[50, 51, 52, 51, 51, 51, 51],
    falls_from_the_start=[50, 40, 30, 20, 10, 0, 0, 0],
)


@pytest.mark.parametrize('name', SEQUENCES)
def test_ends_as_keras_does(name, train):
    rates, kept = keras(SEQUENCES[name], 0.25, 3)
    trained, seen, folder = train(SEQUENCES[name], 0.25, 3)
    assert np.allclose(trained, rates, rtol=1e-6) and len(trained) == len(rates)
    assert seen == kept
    end = torch.load(folder / 'end_of_training.pth', weights_only=False)
    assert end['state_dict']['seen'] == kept and end['meta']['epoch'] == len(rates)


def test_cases_differ():
    """The sequences are such that other rules would end elsewhere."""
    ends = {name: keras(accuracies, 0.25, 3) for name, accuracies in SEQUENCES.items()}
    fired = {name for name, (rates, kept) in ends.items() if kept < len(rates)}
    assert fired == {'ties', 'small_steps', 'fires_at_the_end', 'falls_from_the_start'}
    rates, kept = ends['small_steps']
    assert kept != 1 + int(np.argmax(SEQUENCES['small_steps'][: len(rates)]))


def test_accuracies_of_a_training(train):
    """Steps of one of 3,137 images around a curve that rises and flattens, in per cent."""
    draw = np.random.default_rng(3)
    curve = 70 + 20 * (1 - np.exp(-np.arange(60) / 6)) + draw.normal(0, 0.4, 60)
    accuracies = [round(value * 31.37) / 31.37 for value in curve]
    rates, kept = keras(accuracies, 0.3, 3)
    assert kept < len(rates) < 60
    trained, seen, _ = train(accuracies, 0.3, 3)
    assert np.allclose(trained, rates, rtol=1e-6) and len(trained) == len(rates) and seen == kept


def test_rate_falls_to_its_least_and_stays(train):
    """A plateau of one epoch, so that the least rate is reached before the training stops."""
    accuracies = [50, 51, 50, 50, 50, 50, 52, 51, 51, 51]
    rates, kept = keras(accuracies, 0.25, 1)
    assert rates[-1] == rates[-3] == LEAST and kept == len(rates)
    assert np.allclose(train(accuracies, 0.25, 1)[0], rates, rtol=1e-6)


def test_without_restore_the_last_weights_stay(train):
    accuracies = SEQUENCES['fires_at_the_end']
    _, seen, folder = train(accuracies, 0.25, 3, restore=False)
    assert seen == len(accuracies) and not (folder / 'end_of_training.pth').exists()
    assert len(list(folder.glob('epoch_*.pth'))) == 2  # as configured


def test_keeps_the_checkpoints_that_may_be_put_back(train):
    _, _, folder = train(SEQUENCES['never_fires'], 0.25, 3)
    kept = {path.name for path in folder.glob('epoch_*.pth')}
    assert kept == {f'epoch_{number}.pth' for number in range(5, 11)}


def test_needs_the_checkpoint_of_each_epoch(train):
    with pytest.raises(ConvcutError, match=r'default_hooks\.checkpoint\.interval=1'):
        train(SEQUENCES['ties'], 0.25, 3, interval=2)
