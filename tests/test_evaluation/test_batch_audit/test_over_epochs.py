"""Audits of several trainings over their epochs, against figures computed here."""

import json

import numpy as np
import pytest

from convcut_mm.errors import ConvcutError
from convcut_mm.evaluation import ResampledMetrics
from convcut_mm.evaluation.batch_audit import (
    Audit,
    AuditedCheckpoint,
    audit,
    regimes,
    training_record,
)

CLASSES, IMAGES, EPOCHS, SEEDS = 3, 60, (1, 2, 4), (0, 7)
LABELS = np.arange(IMAGES) % CLASSES
NAMES = ('b', 'c', 'a')


def audited(seed: int | None, epoch: int | None) -> AuditedCheckpoint:
    """Random predictions; the larger the class-ordered batch, the more of them are right."""
    rng = np.random.default_rng([seed or 0, epoch or 0])
    noise = rng.normal(size=(IMAGES, CLASSES))

    def probabilities_in(batches) -> np.ndarray:
        scores = noise.copy()
        for batch in batches:
            pure = np.bincount(LABELS[batch]).max() / len(batch)
            scores[batch] += np.eye(CLASSES)[LABELS[batch]] * (1 + pure * (len(batch) > 1) * epoch)
        return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)

    found = audit(probabilities_in, LABELS, regimes([4, 10], 2), classes=NAMES)
    return AuditedCheckpoint(f's{seed}e{epoch}', seed, epoch, {'scale': 1 / epoch}, True, found)


@pytest.fixture(scope='module')
def checkpoints() -> list:
    return [audited(seed, epoch) for epoch in EPOCHS for seed in SEEDS]


def accuracies(checkpoints, seed: int, epoch: int, order: str, size: int) -> list:
    (one,) = [one for one in checkpoints if (one.seed, one.epoch) == (seed, epoch)]
    runs = [
        run for run in one.audit.runs if (run.regime.order, run.regime.batch_size) == (order, size)
    ]
    return [100 * (run.pred_labels == LABELS).mean() for run in runs]


def test_class_ordered_batches_follow_the_alphabet():
    orders = []

    def probabilities_in(batches) -> np.ndarray:
        orders.append(LABELS[np.concatenate(batches)])
        return np.eye(CLASSES)[LABELS]

    audit(probabilities_in, LABELS, regimes([7], 1), classes=NAMES)
    assert orders[-1].tolist() == [2] * 20 + [0] * 20 + [1] * 20


def test_epochs(checkpoints):
    record = json.loads(json.dumps(training_record(checkpoints, 'row'), allow_nan=False))
    assert (record['seeds'], record['shuffles'], record['images']) == ([0, 7], 2, IMAGES)
    assert record['depends_on_batch'] and record['batch_dependent']
    assert [one['epoch'] for one in record['epochs']] == [1, 2, 4]
    for one in record['epochs']:
        epoch = one['epoch']
        assert one['readings']['scale']['value'] == pytest.approx(1 / epoch)
        for batch in one['batches']:
            place = (batch['order'], batch['batch_size'])
            values = [np.mean(accuracies(checkpoints, seed, epoch, *place)) for seed in SEEDS]
            assert batch['accuracy']['seeds'] == pytest.approx(values)
            assert batch['accuracy']['value'] == pytest.approx(np.mean(values))
            assert batch['accuracy']['spread'] == pytest.approx(np.std(values, ddof=1))
            # classes of equal size
            assert batch['mean_class_accuracy']['seeds'] == pytest.approx(values)
            if place != ('alone', 1):
                alone = [accuracies(checkpoints, seed, epoch, 'alone', 1)[0] for seed in SEEDS]
                gains = np.subtract(values, alone)
                assert batch['gain']['seeds'] == pytest.approx(gains)
                low, high = batch['gain']['interval']
                assert low <= gains.mean() <= high


def test_intervals_are_those_of_the_statistics(checkpoints):
    """Over seeds and images, on the resamples of ResampledMetrics; gains are paired."""
    last = training_record(checkpoints, 'row')['epochs'][-1]['batches']
    ones = [one for one in checkpoints if one.epoch == 4]
    metrics = [
        ResampledMetrics(LABELS, np.stack([one.audit.runs[run].pred_labels for one in ones], 1), 3)
        for run in (0, 5)  # alone, the first shuffle of class-ordered batches of 4
    ]
    interval = metrics[0].estimates()[0].interval
    assert last[0]['accuracy']['interval'] == pytest.approx(interval)
    first_shuffle = [
        AuditedCheckpoint(
            one.file,
            one.seed,
            4,
            {},
            True,
            Audit([one.audit.runs[0], one.audit.runs[5]], LABELS, 3, 1e-4),
        )
        for one in ones
    ]
    (_, ordered) = training_record(first_shuffle, 'row')['epochs'][0]['batches']
    gain = metrics[1].above(metrics[0], paired=True).overall_accuracy
    assert ordered['batch_size'] == 4 and ordered['order'] == 'class-ordered'
    assert ordered['gain']['interval'] == pytest.approx(gain.interval)
    assert ordered['gain']['spread'] == pytest.approx(gain.spread)


def test_epoch_chosen_as_released(checkpoints):
    chosen = training_record(checkpoints, 'row')['chosen_as_released']
    assert chosen['chosen_in'] == 4
    best = {}
    for seed in SEEDS:
        ordered = [
            np.mean(accuracies(checkpoints, seed, epoch, 'class-ordered', 4)) for epoch in EPOCHS
        ]
        best[seed] = EPOCHS[int(np.argmax(ordered))]
    assert chosen['epochs'] == {str(seed): epoch for seed, epoch in best.items()}
    alone = [accuracies(checkpoints, seed, best[seed], 'alone', 1)[0] for seed in SEEDS]
    assert chosen['batches'][0]['accuracy']['seeds'] == pytest.approx(alone)
    large = chosen['batches'][-1]
    values = [
        np.mean(accuracies(checkpoints, seed, best[seed], 'class-ordered', 10)) for seed in SEEDS
    ]
    assert large['accuracy']['seeds'] == pytest.approx(values)
    assert large['gain']['value'] == pytest.approx(np.mean(values) - np.mean(alone))


def test_epochs_that_not_all_have_and_bad_metas(checkpoints):
    record = training_record(checkpoints[:-1], 'row')  # seed 7 ended before epoch 4
    assert [one['epoch'] for one in record['epochs']] == [1, 2]
    with pytest.raises(ConvcutError, match='seed 0, epoch 1, as s0e1'):
        training_record([*checkpoints, audited(0, 1)], 'row')
    nameless = AuditedCheckpoint('x.pth', None, 3, {}, True, checkpoints[0].audit)
    with pytest.raises(ConvcutError, match=r'x\.pth: its meta names no seed or epoch'):
        training_record([*checkpoints, nameless], 'row')


def test_kept_audits(checkpoints, tmp_path):
    one, path = checkpoints[3], tmp_path / 'kept.json'
    identity = dict(checkpoint='abc', tolerance=1e-4)
    one.save(path, identity)
    again = AuditedCheckpoint.load(path, identity, one.file, LABELS)
    assert training_record([again], 'row') == training_record([one], 'row')
    for before, after in zip(one.audit.runs, again.audit.runs):
        assert (before.changed == after.changed).all() and before.regime == after.regime
    assert AuditedCheckpoint.load(path, {**identity, 'checkpoint': 'x'}, '', LABELS) is None
    assert AuditedCheckpoint.load(path, identity, '', LABELS[:-1]) is None
    whole = path.read_text()
    for damaged in (
        whole[:-50],
        '[]',
        '{}',
        whole.replace('"readings": {', '"readings": [], "x": {'),
    ):
        path.write_text(damaged)
        assert AuditedCheckpoint.load(path, identity, '', LABELS) is None
