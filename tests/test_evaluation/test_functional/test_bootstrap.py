"""Bootstrap intervals against the normal approximation, and how often they cover the truth."""

import math

import numpy as np
import pytest

from convcut_mm import ConvcutError
from convcut_mm.evaluation import Estimate, bootstrap, difference, evaluate
from convcut_mm.evaluation.functional.bootstrap import resample_images


def predicted(right: int, images: int) -> tuple:
    """Return labels 0 and predictions, of which ``right`` are right."""
    return np.zeros(images, dtype=int), (np.arange(images) >= right).astype(int)


def interval_of(labels, pred_labels, **settings) -> tuple:
    return evaluate(labels, pred_labels, 2, **settings).overall_accuracy.interval


def test_normal_approximation():
    labels, pred_labels = predicted(8000, 10000)
    for level, deviations in ((0.95, 1.96), (0.5, 0.6745)):
        low, high = interval_of(labels, pred_labels, level=level)
        half = deviations * 100 * math.sqrt(0.8 * 0.2 / 10000)
        assert low == pytest.approx(80 - half, abs=0.06)
        assert high == pytest.approx(80 + half, abs=0.06)


def test_coverage():
    rng = np.random.default_rng(0)
    held = 0
    for trial in range(200):
        low, high = interval_of(*predicted(rng.binomial(300, 0.7), 300), resamples=300, seed=trial)
        held += low <= 70 <= high
    assert 0.91 <= held / 200 <= 0.98


def test_equals_sampling_the_images_one_by_one():
    """The joint table loses nothing: macro F1 from images sampled by index."""
    rng = np.random.default_rng(5)
    labels = rng.integers(3, size=400)
    seeds = np.where(rng.random((400, 2)) < 0.6, labels[:, None], rng.integers(3, size=(400, 2)))[
        :, :1
    ]

    def mean_f1(labels, seeds):
        true, both = np.eye(3)[labels], np.eye(3)[seeds.T]
        right = (true * both).sum(1)
        return 100 * (2 * right / (true.sum(0) + both.sum(1))).mean()

    drawn = [mean_f1(labels[at], seeds[at]) for at in rng.integers(400, size=(4000, 400))]
    found = evaluate(labels, seeds, 3, resamples=4000).macro_f1
    assert found.value == pytest.approx(mean_f1(labels, seeds))
    np.testing.assert_allclose(found.interval, np.percentile(drawn, [2.5, 97.5]), atol=0.25)


def test_seed_decides():
    labels, pred_labels = predicted(70, 101)
    intervals = [interval_of(labels, pred_labels, resamples=200, seed=seed) for seed in (3, 3, 4)]
    assert intervals[0] == intervals[1] != intervals[2]
    assert all(isinstance(end, float) for end in intervals[0])


def test_many_cells_are_resampled_in_parts(monkeypatch):
    labels, pred_labels = predicted(70, 101)
    whole = interval_of(labels, pred_labels)
    monkeypatch.setitem(resample_images.__globals__, '_PICKS_AT_ONCE', 300)
    assert interval_of(labels, pred_labels) == whole


def test_a_class_without_images_and_one_with_two():
    labels = np.array([0] * 30 + [2] * 2)
    pred_labels = np.array([0] * 24 + [2] * 6 + [2, 0])
    first, second, third = evaluate(labels, pred_labels, 3).class_accuracies
    assert 60 < first.interval[0] < 80 < first.interval[1] < 95
    assert np.isnan([second.value, *second.interval]).all()
    assert third.interval == pytest.approx((9.5, 90.5), abs=0.1)  # one of two


def test_paired_difference():
    images = 4000
    labels, first = predicted(2800, images)
    other = first.copy()
    other[2800:3000] = 0  # right on 200 more, nothing else differs
    low, high = difference(labels, first, other, 2).overall_accuracy.interval
    half = 1.96 * 100 * math.sqrt(0.05 * 0.95 / images)
    assert (low, high) == (pytest.approx(5 - half, abs=0.08), pytest.approx(5 + half, abs=0.08))
    # without pairing, the two accuracies' own spreads would add up
    assert high - low < 2 * 1.96 * 100 * math.sqrt((0.7 * 0.3 + 0.75 * 0.25) / images) / 2
    assert difference(labels, first, first, 2).overall_accuracy.interval == (0, 0)


def test_mean_and_spread_over_seeds():
    estimate = Estimate.of_seeds([70, 72, 77], (60, 80))
    assert (estimate.value, estimate.spread) == (73, pytest.approx(math.sqrt((9 + 1 + 16) / 2)))
    estimate = Estimate.of_seeds([70], (60, 80))
    assert estimate.value == 70 and math.isnan(estimate.spread)


def test_no_images():
    nothing = np.array([], dtype=int)
    with pytest.raises(ConvcutError, match='no images'):
        evaluate(nothing, nothing, 7)
    with pytest.raises(ConvcutError, match='no images'):
        bootstrap(lambda cells, counts: counts, [nothing])
