"""All metrics of a method: one seed, several seeds, against another method."""

import json
import math

import numpy as np
import pytest

from convcut_mm.evaluation import evaluate

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
    # all four right is not 100 to 100
    assert metrics.class_accuracies[0].interval == pytest.approx((51.0, 100), abs=0.1)


def test_two_seeds_are_averaged_on_the_same_resamples():
    metrics = evaluate(LABELS, np.column_stack([FIRST, SECOND]), 3)
    assert metrics.overall_accuracy.value == pytest.approx(65)
    assert metrics.overall_accuracy.spread == pytest.approx(30 / math.sqrt(2))
    assert metrics.mean_class_accuracy.value == pytest.approx((75 + 175 / 3) / 2)
    assert [one.value for one in metrics.class_accuracies] == [75, 75, 50]
    # 3 of 4, 3 of 4, 2.5 of 4 with the mean of both seeds
    assert metrics.class_accuracies[0].interval == pytest.approx((30.1, 95.4), abs=0.1)


def test_json_has_no_nan():
    metrics = evaluate(LABELS, FIRST, 4, resamples=20)
    content = json.dumps([one.as_dict() for one in metrics.class_accuracies])
    assert json.loads(content)[3] == dict(value=None, interval=[None, None], spread=None)
