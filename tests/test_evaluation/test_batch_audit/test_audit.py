"""Regimes, comparison and report of a batch audit, on probabilities computed by numpy."""

import json

import numpy as np
import pytest
from rich.console import Console
from scipy.special import softmax

from convcut_mm.errors import ConvcutError
from convcut_mm.evaluation.batch_audit import (
    Regime,
    audit,
    audit_record,
    audit_table,
    changed_labels,
    probe_batches,
    regimes,
)

CLASSES, PER_CLASS = 4, 40
LABELS = np.tile(np.arange(CLASSES), PER_CLASS)


def weak_features() -> np.ndarray:
    """(160, 4): the class's own entry is larger by one, under noise of that size."""
    noise = np.random.default_rng(0).normal(size=(len(LABELS), CLASSES))
    return np.eye(CLASSES)[LABELS] + noise


def alone_in_any_batch(batches) -> np.ndarray:
    return softmax(weak_features(), axis=1)


def attending_over_the_batch(batches) -> np.ndarray:
    """Nearly uniform attention: close to the mean of the batch."""
    features, attended = weak_features(), np.zeros((len(LABELS), CLASSES))
    for batch in batches:
        tokens = features[batch]
        attended[batch] = softmax(0.1 * tokens @ tokens.T, axis=1) @ tokens
    return softmax(attended, axis=1)


@pytest.mark.parametrize('order', ['shuffled', 'class-ordered'])
def test_batches_hold_every_image_once(order):
    batches = Regime(order, 48, seed=1).batches(LABELS)
    assert [len(batch) for batch in batches] == [48, 48, 48, 16]
    assert sorted(np.concatenate(batches)) == list(range(160))


def test_orders():
    assert [batch.tolist() for batch in Regime().batches(LABELS)] == [[i] for i in range(160)]
    ordered = np.concatenate(Regime('class-ordered', 16, 0).batches(LABELS))
    assert (np.diff(LABELS[ordered]) >= 0).all()
    assert (np.diff(ordered[:PER_CLASS]) < 0).any()  # drawn within a class
    shuffled = np.concatenate(Regime('shuffled', 16, 0).batches(LABELS))
    assert (np.diff(LABELS[shuffled]) < 0).sum() > 20


def test_shuffles_follow_the_seed():
    for order in ('shuffled', 'class-ordered'):
        first, again, other = (
            np.concatenate(Regime(order, 16, seed).batches(LABELS)) for seed in (0, 0, 1)
        )
        assert (first == again).all() and (first != other).any()


def test_a_batch_larger_than_the_test_set_is_the_test_set():
    (batch,) = Regime('shuffled', 1000, 0).batches(LABELS)
    assert len(batch) == 160


def test_regimes():
    tests = regimes([32, 8, 8], seeds=2)
    assert tests[0] == Regime('alone', 1, None)
    assert [(one.order, one.batch_size, one.seed) for one in tests[1:]] == [
        (order, size, seed)
        for order in ('shuffled', 'class-ordered')
        for size in (8, 32)
        for seed in (0, 1)
    ]


@pytest.mark.parametrize(
    'sizes,seeds,named',
    [([16, 0], 3, 'batch sizes 16 0'), ([1], 3, 'batch sizes 1'), ([], 3, 'expected 2'),
     ([-4], 3, 'batch sizes -4'), ([16], 0, '0 seeds')],
)  # fmt: skip
def test_bad_sizes_and_seeds(sizes, seeds, named):
    with pytest.raises(ConvcutError, match=named):
        regimes(sizes, seeds)


def test_batch_attention_leaks_the_class():
    found = audit(attending_over_the_batch, LABELS, regimes([8, 40], seeds=2))
    alone = 100 * (weak_features().argmax(axis=1) == LABELS).mean()
    assert found.accuracy(found.runs[0]) == pytest.approx(alone)
    assert found.depends_on_batch
    rows = {(row.order, row.batch_size): row for row in found.rows}
    # batches of 40 in the classes' order are the classes: their means give them away
    assert rows['class-ordered', 40].accuracy.value == pytest.approx(100)
    assert alone < 75 and rows['class-ordered', 8].accuracy.value > alone + 20
    # and a shuffled batch of 40 has one mean for all of it
    assert rows['shuffled', 40].accuracy.value < 40
    assert rows['class-ordered', 40].changed.value == pytest.approx(100 - alone)
    assert found.verdict().startswith('DEPENDS ON THE BATCH') and '\n' not in found.verdict()
    assert f'accuracy {alone:.2f} % for single images' in found.verdict()


def test_model_that_judges_each_image_by_itself():
    found = audit(alone_in_any_batch, LABELS, regimes([8, 40], seeds=2))
    assert not found.depends_on_batch and found.moved == 0
    assert all(not run.changed.any() for run in found.runs)
    assert len({found.accuracy(run) for run in found.runs}) == 1
    assert found.verdict().startswith('independent of the batch')


def test_rounding_is_no_dependence():
    """Exact ties, which rounding breaks differently in each batch."""

    def probabilities_in(batches):
        probabilities = np.tile([0.4, 0.4, 0.1, 0.1], (len(LABELS), 1))
        noise = np.random.default_rng(len(batches)).normal(scale=1e-6, size=probabilities.shape)
        return probabilities + noise

    found = audit(probabilities_in, LABELS, regimes([8, 40], seeds=2))
    assert not found.depends_on_batch and 0 < found.moved < 1e-4
    assert not any(run.changed.any() for run in found.runs)
    assert len({found.accuracy(run) for run in found.runs}) == 1
    assert audit(probabilities_in, LABELS, regimes([8], 1), tolerance=1e-8).depends_on_batch


def test_probabilities_that_move_without_changing_a_prediction():
    def probabilities_in(batches):
        top = 0.9 if len(batches) == len(LABELS) else 0.8
        rest = (1 - top) / (CLASSES - 1)
        return np.where(np.eye(CLASSES)[LABELS] > 0, top, rest)

    found = audit(probabilities_in, LABELS, regimes([8], seeds=1))
    assert found.depends_on_batch and found.moved == pytest.approx(0.1)
    assert not any(run.changed.any() for run in found.runs)


def test_changed_labels():
    reference = np.array([[0.6, 0.4], [0.6, 0.4], [0.5, 0.5], [0.5005, 0.4995], [0.4, 0.6]])
    probabilities = np.array(
        [[0.9, 0.1], [0.4, 0.6], [0.5 - 9e-5, 0.5 + 9e-5], [0.4, 0.6], [0.6, 0.4]]
    )
    changed = changed_labels(reference, probabilities, tolerance=1e-4)
    assert changed.tolist() == [False, True, False, True, True]


def test_probabilities_that_are_not_finite():
    def probabilities_in(batches):
        probabilities = alone_in_any_batch(batches)
        probabilities[7, 2] = np.nan
        return probabilities

    with pytest.raises(ConvcutError, match='image 7 of the test set'):
        audit(probabilities_in, LABELS, regimes([8], 1))


def test_rows_and_record_follow_from_the_predictions():
    found = audit(attending_over_the_batch, LABELS, regimes([8], seeds=3))
    written = json.loads(json.dumps(audit_record(found), allow_nan=False))
    assert [run['seed'] for run in written['runs']] == [None, 0, 1, 2, 0, 1, 2]
    for entry, run in zip(written['runs'], found.runs):
        probabilities = attending_over_the_batch(run.regime.batches(LABELS))
        pred_labels, alone = probabilities.argmax(axis=1), weak_features().argmax(axis=1)
        assert entry['accuracy'] == pytest.approx(100 * (pred_labels == LABELS).mean())
        of_class = [(pred_labels[LABELS == c] == c).mean() for c in range(CLASSES)]
        assert entry['mean_class_accuracy'] == pytest.approx(100 * np.mean(of_class))
        assert entry['answers_changed'] == pytest.approx(100 * (pred_labels != alone).mean())
    for row, runs in zip(written['rows'][1:], (written['runs'][1:4], written['runs'][4:])):
        for name in ('accuracy', 'mean_class_accuracy', 'answers_changed'):
            values = [run[name] for run in runs]
            assert row[name]['value'] == pytest.approx(np.mean(values))
            assert row[name]['spread'] == pytest.approx(np.std(values, ddof=1))
            low, high = row[name]['interval']
            assert low < row[name]['value'] < high
            assert high - low < 20  # 160 images: 2 x 1.96 x 3.95 at the most for the accuracy
    assert written['rows'][0]['accuracy']['spread'] is None
    assert written['rows'][0]['answers_changed']['interval'] == [0, 0]
    assert written['depends_on_batch'] is True and written['images'] == 160


def test_table_has_the_rows():
    found = audit(attending_over_the_batch, LABELS, regimes([8, 40], seeds=2))
    console = Console(width=200)
    with console.capture() as capture:
        console.print(audit_table(found))
    lines = [line.split() for line in capture.get().splitlines()]
    assert [line[:2] for line in lines[1:]] == [
        ['alone', '1'],
        ['shuffled', '8'],
        ['shuffled', '40'],
        ['class-ordered', '8'],
        ['class-ordered', '40'],
    ]
    assert lines[-1][2:8] == ['100.00', '±', '0.00', '(100.0', 'to', '100.0)']


def test_probes_have_each_order():
    probes = probe_batches(regimes([8, 40], 2), LABELS, images=5)
    assert [len(batch) for batch in probes] == [1] * 5 + [8] * 6
    assert {int(LABELS[batch[0]]) for batch in probes[-3:]} == {0, 2, 3}
