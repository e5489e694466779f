"""The figures against values worked out by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score

from convcut_mm import ConvcutError
from convcut_mm.evaluation import (
    class_accuracies,
    macro_f1,
    mean_class_accuracy,
    overall_accuracy,
)


def test_by_hand():
    labels = np.array([0, 0, 0, 0, 1, 1, 2])
    answers = np.array([0, 0, 0, 1, 1, 0, 0])
    assert overall_accuracy(labels, answers) == pytest.approx(100 * 4 / 7)
    # the fourth class has no image and no answer
    np.testing.assert_allclose(class_accuracies(labels, answers, 4), [75, 50, 0, np.nan])
    assert mean_class_accuracy(labels, answers, 4) == pytest.approx((75 + 50 + 0) / 3)
    # 2 TP / (2 TP + FP + FN): 6/9, 2/4, 0/2
    assert macro_f1(labels, answers, 4) == pytest.approx(100 * (6 / 9 + 2 / 4 + 0) / 3)


def test_equal_scikit_learn():
    draw = np.random.default_rng(1)
    for _ in range(20):
        labels = draw.choice([0, 1, 2, 4, 5], size=60, p=[0.5, 0.3, 0.1, 0.05, 0.05])
        answers = np.where(draw.random(60) < 0.6, labels, draw.integers(8, size=60))
        present = np.unique(labels)
        recalls = recall_score(labels, answers, labels=present, average=None)
        own = class_accuracies(labels, answers, 8)
        np.testing.assert_allclose(own[present], 100 * recalls)
        assert np.isnan(np.delete(own, present)).all()
        for figure, reference in (
            (overall_accuracy(labels, answers), accuracy_score(labels, answers)),
            (mean_class_accuracy(labels, answers, 8), recalls.mean()),
            (macro_f1(labels, answers, 8), f1_score(labels, answers, average='macro')),
        ):
            assert isinstance(figure, float) and figure == pytest.approx(100 * reference)


def test_no_images():
    nothing = np.array([], dtype=int)
    for figure in (
        lambda: overall_accuracy(nothing, nothing),
        lambda: mean_class_accuracy(nothing, nothing, 7),
        lambda: macro_f1(nothing, nothing, 7),
    ):
        with pytest.raises(ConvcutError, match='no images'):
            figure()
