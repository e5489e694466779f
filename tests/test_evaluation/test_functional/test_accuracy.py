"""The metrics against values computed by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from convcut_mm import ConvcutError
from convcut_mm.evaluation import (
    class_accuracies,
    confusion_matrices,
    macro_f1,
    mean_class_accuracy,
    overall_accuracy,
)


def test_by_hand():
    # the fourth class is neither true nor predicted
    matrix = np.array([[3, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    assert overall_accuracy(matrix) == pytest.approx(100 * 4 / 7)
    np.testing.assert_allclose(class_accuracies(matrix), [75, 50, 0, np.nan])
    assert mean_class_accuracy(matrix) == pytest.approx((75 + 50 + 0) / 3)
    # 2 TP / (2 TP + FP + FN): 6/9, 2/4, 0/1
    assert macro_f1(matrix) == pytest.approx(100 * (6 / 9 + 2 / 4 + 0) / 3)


def test_equal_scikit_learn():
    rng = np.random.default_rng(1)
    labels = rng.choice([0, 1, 2, 4, 5], size=60, p=[0.5, 0.3, 0.1, 0.05, 0.05])
    # three seeds at once, and the images counted in two ways
    seeds = np.where(rng.random((60, 3)) < 0.6, labels[:, None], rng.integers(8, size=(60, 3)))
    counts = np.stack([np.ones(60, dtype=int), np.append(rng.integers(1, 4, size=59), 2)])
    matrices = confusion_matrices(labels, seeds, counts, 8)
    assert matrices.shape == (2, 3, 8, 8)
    present = np.unique(labels)
    for matrix_of_seed, times in zip(matrices, counts):
        true = np.repeat(labels, times)
        for matrix, pred_labels in zip(matrix_of_seed, np.repeat(seeds, times, axis=0).T):
            expected = confusion_matrix(true, pred_labels, labels=range(8))
            np.testing.assert_array_equal(matrix, expected)
            recalls = recall_score(true, pred_labels, labels=present, average=None)
            own = class_accuracies(matrix)
            np.testing.assert_allclose(own[present], 100 * recalls)
            assert np.isnan(np.delete(own, present)).all()
            for metric, reference in (
                (overall_accuracy, accuracy_score(true, pred_labels)),
                (mean_class_accuracy, recalls.mean()),
                (macro_f1, f1_score(true, pred_labels, average='macro')),
            ):
                assert metric(matrix) == pytest.approx(100 * reference)
    # a stack of matrices gives what its matrices give
    np.testing.assert_array_equal(macro_f1(matrices)[1, 2], macro_f1(matrices[1, 2]))


@pytest.mark.parametrize('labels,pred_labels', [([0, 3], [0, 1]), ([0, 1], [0, -1])])
def test_classes_out_of_range(labels, pred_labels):
    with pytest.raises(ConvcutError, match='label (3|-1): expected 0 to 2'):
        confusion_matrices(labels, np.reshape(pred_labels, (2, 1)), np.ones(2), 3)
