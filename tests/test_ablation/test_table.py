"""The table against metrics computed by hand, and what its text says."""

import json

import numpy as np
import pytest

from convcut_mm.ablation import AblationSet, TableRow, markdown, read_beside, table
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
    assert '| second | 100.0 (51 to 100) | 0.0 (0 to 66) | 0.0 (0 to 66) |' in lines
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


def images(counts: dict) -> tuple:
    """Labels of two classes, and predictions by name, of which so many of the 400 are right."""
    labels = np.arange(400) % 2
    return labels, {
        name: np.where(np.arange(400) < right, labels, 1 - labels)
        for name, right in counts.items()
    }


@pytest.fixture
def compared(tmp_path) -> dict:
    """Five rows of three seeds on 400 images; the last 100 are copies. Only 'none' is worse."""
    labels, given = images(dict(a=200, b=300, c=202))
    copies = np.arange(400) >= 300

    def runs(*names) -> dict:
        return {
            seed: Predictions(
                list(map(str, range(400))), labels, np.eye(2)[given[name]], duplicate=copies
            )
            for seed, name in enumerate(names)
        }

    rows = [TableRow(title, tmp_path / 'a.py', {}) for title in ('up', 'ref', 'same', 'one')]
    listed = AblationSet('mine', 'Mine', tuple(rows), reference='ref', beside={'small': 'other'})
    results = dict(
        up=runs('b', 'b', 'b'),
        ref=runs('a', 'a', 'a'),
        same=runs('a', 'c', 'a'),
        one={7: runs('a')[0]},
    )
    return dict(rows=listed, results=results, protocol=[])


def test_differences_to_the_reference(compared):
    content = table(**compared)
    up, ref, same, one = content['rows']
    assert content['reference'] == 'ref' and 'difference' not in ref
    found = up['difference']
    assert found['paired'] == [0, 1, 2] and found['overall_accuracy']['value'] == 25
    low, high = found['overall_accuracy']['interval']
    half = 196 * (0.25 * 0.75 / 400) ** 0.5
    assert (low, high) == pytest.approx((25 - half, 25 + half), abs=0.5)
    low, high = same['difference']['overall_accuracy']['interval']
    assert low == 0 < same['difference']['overall_accuracy']['value'] < high
    assert one['difference']['paired'] == []  # no seed in common
    text = markdown(content)
    assert '| up | +25.00 ± 0.00 (+' in text and ') * |' in text
    finding = 'higher than "ref": "up"; not told apart from "ref" by these seeds and images: '
    assert f'- overall accuracy, all: {finding}"same", "one".' in text
    assert '| none in common |' in text
    del compared['results']['ref']
    content = table(**compared)
    assert content['reference'] is None
    assert 'No differences yet: the row to compare with has not run.' in markdown(content)


def test_all_images_and_clean_ones(compared):
    content = table(**compared)
    assert content['images'] == dict(all=400, clean=300)
    up = content['rows'][0]
    assert (
        up['overall_accuracy']['value'] == 75 and up['clean']['overall_accuracy']['value'] == 100
    )
    assert up['clean']['difference']['overall_accuracy']['value'] == pytest.approx(100 / 3)
    text = markdown(content)
    assert '|  | overall accuracy, all | overall accuracy, clean | mean class' in text
    assert '| up | 75.00 ± 0.00 (' in text and '| 100.00 ± 0.00 (' in text
    assert 'Clean: the 300 images of which no other split has a copy.' in text


def test_another_set_beside(compared, tmp_path):
    def text() -> str:
        return markdown(table(**compared, beside=read_beside({'small': 'other'}, tmp_path)))

    assert '| not run | not run | 3 |' in text()
    assert '"small" has no figures yet (not run): run `python tools/ablate.py other`.' in text()
    file = tmp_path / 'other.json'
    content = table(**compared)
    content['rows'] = [content['rows'][1], {**content['rows'][0], 'title': 'other'}]
    file.write_text(json.dumps(content))
    found = text()
    assert 'small: overall accuracy | small: mean class accuracy | seeds |' in found
    row = next(line for line in found.splitlines() if line.startswith('| ref | '))
    # of itself the three metrics on all images, of the other set the first two
    assert row.count('50.00 ± 0.00 (') == 5
    assert '"small" is from `python tools/ablate.py other`, 3 seeds' in found
    assert 'Only there: "other".' in found
    for broken in ('{', '[]', '{"rows": [{"title": "ref"}]}', '{"rows": 3}'):
        file.write_text(broken)
        assert '| cannot be read | cannot be read | 3 |' in text()


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
