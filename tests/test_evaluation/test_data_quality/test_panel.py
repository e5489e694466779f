"""The bound by a second panel of taggers, against sums over all panels."""

from math import comb

import numpy as np
import pytest

from convcut_mm.evaluation.data_quality import panel_bound


def test_all_agree():
    votes = np.zeros((3, 10), int)
    votes[:, 2] = 10
    bound = panel_bound(votes)
    assert (bound.images, bound.per_cent, bound.dropped, bound.entropy) == (3, 100, 0, 0)


def test_two_answers_by_hand():
    """k of ten votes for the first: it wins from 6 on, the other up to 4, 5 is dropped."""
    votes = np.array([[7, 3, *[0] * 8]] * 4)
    chances = [comb(10, k) * 0.7**k * 0.3 ** (10 - k) for k in range(11)]
    first, second = sum(chances[6:]), sum(chances[:5])
    bound = panel_bound(votes)
    assert bound.per_cent == pytest.approx(100 * first / (first + second), abs=2)
    assert bound.dropped == pytest.approx(100 * chances[5], abs=2)
    assert bound.entropy == pytest.approx(0.8813, abs=1e-4)
    assert bound.interval == (bound.per_cent, bound.per_cent)  # all images are alike


def test_only_images_that_the_rule_keeps():
    votes = np.array([[10, *[0] * 9], [5, 5, *[0] * 8], [*[0] * 8, 10, 0]])
    assert panel_bound(votes).images == 1
    assert panel_bound(votes, 'argmax').images == 2
    low, high = panel_bound(votes, 'argmax').interval
    assert low < panel_bound(votes, 'argmax').per_cent < high <= 100
