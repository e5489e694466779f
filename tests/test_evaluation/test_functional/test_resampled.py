"""Intervals over seeds and images, against a bootstrap written out in loops."""

import numpy as np
import pytest

from convcut_mm.evaluation import ResampledMetrics, difference, evaluate

IMAGES, SEEDS, CLASSES = 60, 4, 3
RNG = np.random.default_rng(3)
LABELS = RNG.integers(CLASSES, size=IMAGES)


def predicted(rates) -> np.ndarray:
    """Predictions of several seeds, (N, S), each right at another rate."""
    right = RNG.random((IMAGES, len(rates))) < rates
    return np.where(right, LABELS[:, None], RNG.integers(CLASSES, size=right.shape))


FIRST, OTHER = predicted([0.3, 0.5, 0.6, 0.9]), predicted([0.5, 0.6, 0.8, 0.95])


def metrics_of(labels, pred_labels) -> list:
    recalls, f1s = [], []
    for one in range(CLASSES):
        right = ((labels == one) & (pred_labels == one)).sum()
        recalls.append(right / (labels == one).sum())
        f1s.append(2 * right / ((labels == one).sum() + (pred_labels == one).sum()))
    return [(labels == pred_labels).mean(), np.mean(recalls), np.mean(f1s)]


def slow(resamples: int) -> tuple:
    """Images, then seeds, one by one: intervals of the mean of OTHER and of its difference."""
    rng = np.random.default_rng(1)
    means, gains = [], []
    for _ in range(resamples):
        at = rng.integers(IMAGES, size=IMAGES)
        seeds = rng.integers(SEEDS, size=SEEDS)
        other, first = (
            np.mean([metrics_of(LABELS[at], each[at, seed]) for seed in seeds], axis=0)
            for each in (OTHER, FIRST)
        )
        means.append(100 * other)
        gains.append(100 * (other - first))
    return tuple(np.percentile(each, [2.5, 97.5], axis=0).T for each in (means, gains))


def test_equals_the_loops():
    means, gains = slow(600)
    first, other = (ResampledMetrics(LABELS, each, CLASSES, 6000) for each in (FIRST, OTHER))
    found = other.above(first, paired=True)
    differences = [found.overall_accuracy, found.mean_class_accuracy, found.macro_f1]
    for estimates, expected in ((other.estimates(), means), (differences, gains)):
        # of 600 resamples an end is known to about a sixth of the standard error
        widths = expected[:, 1] - expected[:, 0]
        ends = np.array([one.interval for one in estimates])
        assert (np.abs(ends - expected) < 0.1 * widths[:, None]).all()
    by_hand = [
        100 * np.mean([metrics_of(LABELS, each[:, seed]) for seed in range(SEEDS)], axis=0)
        for each in (FIRST, OTHER)
    ]
    assert [one.value for one in differences] == pytest.approx(by_hand[1] - by_hand[0])
    gain = 100 * ((OTHER == LABELS[:, None]).mean(0) - (FIRST == LABELS[:, None]).mean(0))
    assert found.overall_accuracy.spread == pytest.approx(gain.std(ddof=1))


def test_seeds_that_differ_widen_the_interval_and_equal_ones_do_not():
    one = evaluate(LABELS, FIRST[:, 2], CLASSES).overall_accuracy.interval
    equal = evaluate(LABELS, FIRST[:, [2, 2, 2]], CLASSES).overall_accuracy.interval
    assert equal == pytest.approx(one)
    far = np.column_stack([LABELS, LABELS, (LABELS + 1) % CLASSES])  # 100, 100 and 0 %
    low, high = evaluate(LABELS, far, CLASSES).overall_accuracy.interval
    assert (low, high) == pytest.approx((0, 100))  # three seeds of one kind are not rare


def test_pairs_of_seeds_cancel_what_they_share():
    """Each seed of the second method is right on the same three images more."""
    other = FIRST.copy()
    for column in other.T:
        wrong = np.flatnonzero(column != LABELS)[:3]
        column[wrong] = LABELS[wrong]
    gain = 100 * ((other == LABELS[:, None]).mean(0) - (FIRST == LABELS[:, None]).mean(0))
    paired = difference(LABELS, FIRST, other, CLASSES, paired=True).overall_accuracy
    unpaired = difference(LABELS, FIRST, other, CLASSES).overall_accuracy
    assert [paired.value, unpaired.value] == pytest.approx([gain.mean()] * 2)
    assert paired.excludes_zero and paired.interval[0] > 0
    assert not unpaired.excludes_zero and np.isnan(unpaired.spread)
    back = difference(LABELS, other, FIRST, CLASSES, paired=True).overall_accuracy
    assert back.interval == pytest.approx((-paired.interval[1], -paired.interval[0]))


def test_other_numbers_of_seeds_and_a_choice_of_seeds():
    found = difference(LABELS, FIRST[:, 0], OTHER, CLASSES).overall_accuracy
    low, high = found.interval
    assert low < found.value < high
    first, other = (ResampledMetrics(LABELS, each, CLASSES) for each in (FIRST, OTHER))
    some = other.take([1, 3]).above(first.take([1, 3]), paired=True)
    expected = difference(LABELS, FIRST[:, [1, 3]], OTHER[:, [1, 3]], CLASSES, paired=True)
    assert some.macro_f1.interval == pytest.approx(expected.macro_f1.interval)
