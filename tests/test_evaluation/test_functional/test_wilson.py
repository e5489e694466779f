"""Wilson's interval against SciPy's, which takes whole numbers."""

import numpy as np
import pytest
from scipy.stats import binomtest

from convcut_mm.evaluation import wilson_interval


@pytest.mark.parametrize('right, images', [(0, 16), (16, 16), (1, 1), (3, 25), (800, 1180)])
@pytest.mark.parametrize('level', [0.95, 0.5])
def test_whole_numbers(right, images, level):
    expected = binomtest(right, images).proportion_ci(level, method='wilson')
    found = wilson_interval(right, images, level)
    assert found == pytest.approx((100 * expected.low, 100 * expected.high))


def test_the_mean_of_seeds_lies_between():
    low, high = wilson_interval(1 / 3, 16)
    none, one = wilson_interval(0, 16), wilson_interval(1, 16)
    assert none[0] == 0 < low < one[0] and none[1] < high < one[1]
    assert none[1] == pytest.approx(19.4, abs=0.05)


def test_no_images():
    assert np.isnan(wilson_interval(0, 0)).all()
