"""The confusion matrix: per cent of the true class, counts, accuracies, names in order."""

import numpy as np
import pytest

from convcut_mm.evaluation.predictions import Predictions
from convcut_mm.visualization.confusion_matrix import plot_confusion_matrix

CLASSES = ('surprise', 'fear', 'sadly angry', 'neutral')
# rows are true classes; nobody is sadly angry
COUNTS = np.array([[30, 5, 0, 5], [1, 2, 0, 1], [0, 0, 0, 0], [20, 0, 4, 76]])


@pytest.fixture(scope='module')
def figure():
    labels = np.repeat([0, 1, 2, 3], COUNTS.sum(axis=1))
    pred_labels = np.concatenate([np.repeat(range(4), row) for row in COUNTS])
    order = np.random.default_rng(0).permutation(len(labels))
    predictions = Predictions(
        names=[f'{i}.png' for i in range(len(labels))],
        labels=labels[order],
        probabilities=np.eye(4)[pred_labels[order]],
        classes=CLASSES,
    )
    return plot_confusion_matrix(predictions, CLASSES)


def test_colours_are_per_cent_of_the_true_class(figure):
    values = figure.axes[0].images[0].get_array()
    assert values[0].tolist() == [75, 12.5, 0, 12.5]
    assert values[3].tolist() == [20, 0, 4, 76]
    assert values.mask[2].all() and not values.mask[[0, 1, 3]].any()
    assert figure.axes[0].images[0].get_clim() == (0, 100)


def test_each_cell_says_per_cent_and_count(figure):
    texts = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert texts[(0, 0)] == '75.0\n(30)'  # (predicted, true)
    assert texts[(1, 0)] == '12.5\n(5)'
    assert texts[(0, 3)] == '20.0\n(20)'
    assert texts[(2, 3)] == '4.0\n(4)'
    assert texts[(1.5, 2)] == 'no images' and len(texts) == 13


def test_accuracies_with_intervals(figure):
    first, second = figure.axes[0].get_title('left').split('\n')
    assert first.startswith('overall accuracy 75.00 % (95 % interval ')
    assert first.endswith(', 144 images')
    # (75 + 50 + 76) / 3: the class without images does not count
    assert second.startswith('mean class accuracy 67.00 % (95 % interval ')
    low, high = (float(part) for part in first.split('interval ')[1].split(')')[0].split(' to '))
    assert 65 < low < 75 < high < 85


def test_names_in_reading_order(figure, legible):
    panel = figure.axes[0]
    assert [tick.get_text() for tick in panel.get_yticklabels()] == list(CLASSES)
    assert [tick.get_text() for tick in panel.get_xticklabels()] == [
        'surprise',
        'fear',
        'sadly\nangry',
        'neutral',
    ]
    assert {tick.get_rotation() for tick in panel.get_xticklabels()} == {0}
    assert panel.get_ylim()[0] > panel.get_ylim()[1]  # the first class on top
    assert (panel.get_xlabel(), panel.get_ylabel()) == ('predicted class', 'true class')
    legible(figure)
