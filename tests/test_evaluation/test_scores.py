"""All figures of a method: one seed, several seeds, against another method."""

import json
import math

import numpy as np
import pytest

from convcut_mm.evaluation import (
    bootstrap_interval,
    difference,
    macro_f1,
    mean_class_accuracy,
    overall_accuracy,
    score,
)

LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2])
# right: 8 and 5 of 10; of the classes 100, 50, 75 and 50, 100, 25 %
FIRST = np.array([0, 0, 0, 0, 1, 0, 2, 2, 2, 0])
SECOND = np.array([0, 0, 1, 1, 1, 1, 2, 0, 0, 0])


def test_one_seed():
    scores = score(LABELS, FIRST, 3, draws=300)
    assert scores.overall_accuracy.value == 80
    assert scores.mean_class_accuracy.value == pytest.approx(75)
    assert [figure.value for figure in scores.class_accuracies] == [100, 50, 75]
    assert math.isnan(scores.overall_accuracy.spread)
    for figure, statistic in (
        (scores.overall_accuracy, overall_accuracy),
        (scores.mean_class_accuracy, lambda *drawn: mean_class_accuracy(*drawn, 3)),
        (scores.macro_f1, lambda *drawn: macro_f1(*drawn, 3)),
    ):
        assert figure.interval == pytest.approx(
            bootstrap_interval(statistic, LABELS, FIRST, draws=300)
        )


def test_two_seeds_are_averaged_on_the_same_drawn_images():
    scores = score(LABELS, np.column_stack([FIRST, SECOND]), 3, draws=300)
    assert scores.overall_accuracy.value == pytest.approx(65)
    assert scores.overall_accuracy.spread == pytest.approx(30 / math.sqrt(2))
    assert scores.mean_class_accuracy.value == pytest.approx((75 + 175 / 3) / 2)
    assert [figure.value for figure in scores.class_accuracies] == [75, 75, 50]
    # an image counts 0, 1/2 or 1: the interval is that of these
    shares = np.mean([FIRST == LABELS, SECOND == LABELS], axis=0)
    expected = bootstrap_interval(lambda _, s: 100 * s.mean(), LABELS, shares, draws=300)
    assert scores.overall_accuracy.interval == pytest.approx(expected)


def test_difference_of_seeds():
    # right on 6 and 5 of 10 against 8
    seeds = np.column_stack([np.where(np.arange(10) < 6, LABELS, -1), SECOND])
    figure = difference(LABELS, FIRST, seeds, draws=300)
    assert figure.value == pytest.approx((60 + 50) / 2 - 80)
    assert figure.interval[0] < figure.value < figure.interval[1]
    back = difference(LABELS, seeds, FIRST, draws=300)
    assert back.value == pytest.approx(-figure.value)
    assert back.interval == pytest.approx((-figure.interval[1], -figure.interval[0]))


def test_json_has_no_nan():
    scores = score(LABELS, FIRST, 4, draws=20)
    content = json.dumps([figure.as_dict() for figure in scores.class_accuracies])
    assert json.loads(content)[3] == dict(value=None, interval=[None, None], spread=None)
