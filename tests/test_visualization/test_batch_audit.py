"""The plot of a batch audit: what it shows, not its pixels."""

import re

import numpy as np
import pytest
from PIL import Image
from scipy.special import softmax

from convcut_mm.evaluation.batch_audit import audit, regimes
from convcut_mm.utils.plotting import save
from convcut_mm.visualization.batch_audit import plot_batch_audit

LABELS = np.repeat([0, 1, 2], 20)
FEATURES = np.eye(3)[LABELS] + np.random.default_rng(0).normal(size=(60, 3))


def batch_means(batches) -> np.ndarray:
    scores = np.zeros((60, 3))
    for batch in batches:
        scores[batch] = FEATURES[batch].mean(axis=0)
    return softmax(scores, axis=1)


def by_itself(batches) -> np.ndarray:
    return softmax(FEATURES, axis=1)


@pytest.fixture(params=[batch_means, by_itself], ids=['leaking', 'honest'])
def found(request):
    return audit(request.param, LABELS, regimes([4, 20], seeds=3))


def test_panels_show_the_rows(found):
    figure = plot_batch_audit(found, 'tiny.py on 60 images')
    assert figure.get_suptitle() == 'tiny.py on 60 images'
    accuracy, mean_class, changed = figure.axes
    assert accuracy.get_ylabel() == 'accuracy (%)'
    assert mean_class.get_ylabel() == 'mean class accuracy (%)'
    assert 'of single images (%)' in changed.get_ylabel()
    rows = found.rows
    for axes, name in zip(figure.axes, ('accuracy', 'mean_class_accuracy', 'changed')):
        assert axes.get_xlabel() == 'batch size (images)'
        assert [label.get_text() for label in axes.get_xticklabels()] == ['4', '20']
        lines = {}
        for line in axes.get_lines():
            if len(line.get_ydata()) == 2:
                lines[line.get_marker()] = np.asarray(line.get_ydata())
        for marker, order in (('o', 'shuffled'), ('s', 'class-ordered')):
            means = [getattr(row, name).value for row in rows if row.order == order]
            assert lines[marker] == pytest.approx(means)
        alone = getattr(rows[0], name).value
        assert lines['None'] == pytest.approx([alone, alone])
        low, high = axes.get_ylim()
        values = [getattr(row, name).value for row in rows]
        assert low < min(values) and max(values) < high and high - low >= 10
        assert all(0 <= tick <= 100 for tick in axes.get_yticks())
        written = [text.get_text() for text in axes.texts]
        assert sorted(written) == sorted(f'{value:.1f}' for value in values)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(labels) == ['batches of one', 'class-ordered batches', 'shuffled batches']


def test_one_seed_has_no_bars(tmp_path):
    found = audit(batch_means, LABELS, regimes([4], seeds=1))
    png, svg = save(plot_batch_audit(found, 'one seed'), tmp_path / 'one')
    assert png.is_file() and svg.is_file()


def test_files(found, tmp_path):
    paths = save(plot_batch_audit(found, 'tiny.py on 60 images'), tmp_path / 'audit')
    assert paths == [tmp_path / 'audit.png', tmp_path / 'audit.svg']
    with Image.open(paths[0]) as image:
        assert image.size == (2600, 1000)
        assert len(image.convert('RGB').getcolors(1 << 20)) > 50
    svg = paths[1].read_text()
    texts = re.findall(r'>([^<>]+)</text>', svg)
    for row in found.rows:
        assert f'{row.accuracy.value:.1f}' in texts
    assert 'class-ordered batches' in texts and 'tiny.py on 60 images' in texts
    before = [path.read_bytes() for path in paths]
    save(plot_batch_audit(found, 'tiny.py on 60 images'), tmp_path / 'audit')
    assert [path.read_bytes() for path in paths] == before
