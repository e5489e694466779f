"""All metrics of a method: one seed, several seeds, against another method."""

import json
import math

import numpy as np
import pytest

from convcut_mm.evaluation import difference, evaluate

LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2])
# right: 8 and 5 of 10; of the classes 100, 50, 75 and 50, 100, 25 %
FIRST = np.array([0, 0, 0, 0, 1, 0, 2, 2, 2, 0])
SECOND = np.array([0, 0, 1, 1, 1, 1, 2, 0, 0, 0])


def test_one_seed():
    metrics = evaluate(LABELS, FIRST, 3)
    assert metrics.overall_accuracy.value == pytest.approx(80)
    assert metrics.mean_class_accuracy.value == pytest.approx(75)
    # F1: 2*4/(4+6), 2*1/(2+1), 2*3/(4+3)
    assert metrics.macro_f1.value == pytest.approx(100 * (8 / 10 + 2 / 3 + 6 / 7) / 3)
    assert [one.value for one in metrics.class_accuracies] == [100, 50, 75]
    assert math.isnan(metrics.overall_accuracy.spread)
    # the 2.5 and 97.5 % points of a binomial distribution of 10 images
    assert metrics.overall_accuracy.interval == pytest.approx((50, 100))
    assert metrics.class_accuracies[0].interval == (100, 100)


def test_two_seeds_are_averaged_on_the_same_resamples():
    metrics = evaluate(LABELS, np.column_stack([FIRST, SECOND]), 3)
    assert metrics.overall_accuracy.value == pytest.approx(65)
    assert metrics.overall_accuracy.spread == pytest.approx(30 / math.sqrt(2))
    assert metrics.mean_class_accuracy.value == pytest.approx((75 + 175 / 3) / 2)
    assert [one.value for one in metrics.class_accuracies] == [75, 75, 50]
    # an image counts 0, 1/2 or 1: the interval is that of these
    shares = np.mean([FIRST == LABELS, SECOND == LABELS], axis=0)
    drawn = np.random.default_rng(0).choice(shares, size=(20000, 10)).mean(axis=1)
    low, high = metrics.overall_accuracy.interval
    assert (low, high) == pytest.approx(100 * np.percentile(drawn, [2.5, 97.5]), abs=5)


def test_difference_of_seeds():
    # right on 6 and 5 of 10 against 8
    seeds = np.column_stack([np.where(np.arange(10) < 6, LABELS, -1), SECOND])
    estimate = difference(LABELS, FIRST, seeds)
    assert estimate.value == pytest.approx((60 + 50) / 2 - 80)
    assert estimate.interval[0] < estimate.value < estimate.interval[1]
    assert math.isnan(estimate.spread)
    back = difference(LABELS, seeds, FIRST)
    assert back.value == pytest.approx(-estimate.value)
    assert back.interval == pytest.approx((-estimate.interval[1], -estimate.interval[0]), abs=5)


def test_json_has_no_nan():
    metrics = evaluate(LABELS, FIRST, 4, resamples=20)
    content = json.dumps([one.as_dict() for one in metrics.class_accuracies])
    assert json.loads(content)[3] == dict(value=None, interval=[None, None], spread=None)
