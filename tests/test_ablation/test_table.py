"""The table against metrics computed by hand."""

import numpy as np
import pytest

from convcut_mm.ablation import AblationSet, TableRow, markdown, table
from convcut_mm.errors import ConvcutError
from convcut_mm.evaluation.predictions import Predictions

LABELS = [0, 0, 0, 0, 1, 1, 2, 2]


def predicted(pred_labels, labels=LABELS, names='abcdefgh') -> Predictions:
    return Predictions(list(names), np.array(labels), np.eye(3)[pred_labels])


@pytest.fixture
def rows(tmp_path) -> AblationSet:
    return AblationSet(
        'mine',
        'Mine',
        (
            TableRow('first', tmp_path / 'a.py', {'RAF-DB': 97.33}),
            TableRow('second', tmp_path / 'b.py', {}),
            TableRow('not run', tmp_path / 'c.py', {'FERPlus': 95.69}),
        ),
        notes=('a note',),
    )


def test_values(rows):
    results = {
        'first': {
            0: predicted([0, 0, 0, 0, 1, 1, 2, 2]),  # all right
            4: predicted([0, 0, 0, 1, 1, 1, 2, 0]),  # 6 of 8; 3/4, 2/2, 1/2
        },
        'second': {0: predicted([0] * 8)},
    }
    content = table(rows, results, ['tested on: these'], ['low', 'mid', 'high'])
    first, second = content['rows']
    assert first['overall_accuracy']['value'] == pytest.approx((100 + 75) / 2)
    assert first['overall_accuracy']['spread'] == pytest.approx(25 / 2**0.5)
    assert first['mean_class_accuracy']['value'] == pytest.approx((100 + 75) / 2)
    # F1 of the second seed: 2*3/(4+4), 2*2/(2+3), 2*1/(2+1)
    assert first['macro_f1']['value'] == pytest.approx(50 + 50 * (6 / 8 + 4 / 5 + 2 / 3) / 3)
    assert first['seeds'] == [0, 4] and first['config'] == 'a.py'
    assert first['class_accuracies']['high']['value'] == pytest.approx(75)
    assert second['overall_accuracy']['value'] == 50
    assert second['overall_accuracy']['spread'] is None
    assert content['classes'] == {'low': 4, 'mid': 2, 'high': 2}
    lines = markdown(content).splitlines()
    assert lines[0] == '## Mine'
    head = '|  | overall accuracy | mean class accuracy | macro F1 | seeds | paper, RAF-DB |'
    assert lines[2] == head
    assert lines[4].startswith('| first | 87.50 ± 17.68 (') and lines[4].endswith('| 2 | 97.33 |')
    assert lines[5].startswith('| second | 50.00 (') and lines[5].endswith('| 1 |  |')
    assert '| second | 100.0 | 0.0 | 0.0 |' in lines
    assert lines[-2:] == ['- tested on: these', '- a note']


def test_interval_is_that_of_the_mean_over_the_seeds(rows):
    """Seeds share the resampled images, so three equal seeds do not narrow the interval."""
    pred_labels = [0, 0, 1, 1, 1, 0, 2, 0]
    alone = table(rows, {'first': {0: predicted(pred_labels)}}, [])['rows'][0]
    thrice = {seed: predicted(pred_labels) for seed in range(3)}
    together = table(rows, {'first': thrice}, [])['rows'][0]
    one, three = alone['overall_accuracy'], together['overall_accuracy']
    assert three['interval'] == pytest.approx(one['interval'])
    assert three['spread'] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    'other',
    [dict(names='abcdefgx'), dict(labels=[0, 0, 0, 0, 1, 1, 2, 1]), dict(names='hgfedcba')],
)
def test_other_images_are_refused(rows, other):
    results = {
        'first': {0: predicted([0] * 8)},
        'second': {3: predicted([0] * 8, **other)},
    }
    with pytest.raises(ConvcutError, match='row "second", seed 3: predictions of other images'):
        table(rows, results, [])


def test_nothing_to_show(rows):
    with pytest.raises(ConvcutError, match='mine: no run has been tested yet'):
        table(rows, {}, [])
