"""Bootstrap intervals against the normal approximation; how often they hold the truth."""

import math

import numpy as np
import pytest

from convcut_mm import ConvcutError
from convcut_mm.evaluation import (
    bootstrap,
    bootstrap_interval,
    class_accuracies,
    difference_interval,
    mean_and_spread,
    overall_accuracy,
)


def answers_with(right: int, images: int) -> tuple:
    """Labels 0, of which that many are answered rightly."""
    return np.zeros(images, dtype=int), (np.arange(images) >= right).astype(int)


def test_normal_approximation():
    labels, answers = answers_with(8000, 10000)
    low, high = bootstrap_interval(overall_accuracy, labels, answers)
    half = 1.96 * 100 * math.sqrt(0.8 * 0.2 / 10000)
    assert (low, high) == (pytest.approx(80 - half, abs=0.06), pytest.approx(80 + half, abs=0.06))
    low, high = bootstrap_interval(overall_accuracy, labels, answers, level=0.5)
    half = 0.6745 * 100 * math.sqrt(0.8 * 0.2 / 10000)
    assert (low, high) == (pytest.approx(80 - half, abs=0.06), pytest.approx(80 + half, abs=0.06))


def test_holds_the_truth_as_often_as_it_says():
    draw = np.random.default_rng(0)
    held = 0
    for trial in range(200):
        labels, answers = answers_with(draw.binomial(300, 0.7), 300)
        low, high = bootstrap_interval(overall_accuracy, labels, answers, draws=300, seed=trial)
        held += low <= 70 <= high
    assert 0.91 <= held / 200 <= 0.98


def test_seed_decides():
    labels, answers = answers_with(70, 101)
    intervals = [
        bootstrap_interval(overall_accuracy, labels, answers, draws=200, seed=seed)
        for seed in (3, 3, 4)
    ]
    assert intervals[0] == intervals[1] != intervals[2]
    assert all(isinstance(end, float) for end in intervals[0])


def test_several_figures_at_once_and_a_class_without_images():
    labels = np.array([0] * 30 + [2] * 2)
    answers = np.array([0] * 24 + [2] * 6 + [2, 0])
    low, high = bootstrap(lambda *drawn: class_accuracies(*drawn, 3), labels, answers)
    assert low.shape == high.shape == (3,)
    assert 60 < low[0] < 80 < high[0] < 95
    assert np.isnan([low[1], high[1]]).all()
    # two images: both wrong or both right in many draws, none of them in some
    assert (low[2], high[2]) == (0, 100)


def test_paired_difference():
    images = 4000
    labels, first = answers_with(2800, images)
    other = first.copy()
    other[2800:3000] = 0  # right on 200 more, nothing else differs
    low, high = difference_interval(overall_accuracy, labels, first, other)
    half = 1.96 * 100 * math.sqrt(0.05 * 0.95 / images)
    assert (low, high) == (pytest.approx(5 - half, abs=0.08), pytest.approx(5 + half, abs=0.08))
    # without pairing, the two accuracies' own spreads would add up
    assert high - low < 2 * 1.96 * 100 * math.sqrt((0.7 * 0.3 + 0.75 * 0.25) / images) / 2
    assert difference_interval(overall_accuracy, labels, first, first) == (0, 0)


def test_mean_and_spread():
    assert mean_and_spread([70, 72, 77]) == (73, pytest.approx(math.sqrt((9 + 1 + 16) / 2)))
    mean, spread = mean_and_spread([70])
    assert mean == 70 and math.isnan(spread)


def test_no_images():
    nothing = np.array([], dtype=int)
    with pytest.raises(ConvcutError, match='no images'):
        bootstrap_interval(overall_accuracy, nothing, nothing)
