"""Plots of audits over epochs: what they show, and that labels stand apart."""

import re

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from convcut_mm.errors import ConvcutError
from convcut_mm.utils.plotting import save
from convcut_mm.visualization.audit_over_epochs import audit_figures, plot_epochs, plot_gains
from convcut_mm.visualization.line_labels import spread

PLACES = [('alone', 1), ('shuffled', 32), ('class-ordered', 16), ('class-ordered', 256)]


def record(title='released', dependent=True, epochs=8, **changes) -> dict:
    """As training_record gives it: three trainings, gains that grow as the scale falls."""
    rng = np.random.default_rng(len(title))

    def values(mean: float) -> dict:
        seeds = (mean + rng.normal(scale=0.8, size=3)).tolist()
        return dict(value=np.mean(seeds), spread=0.8, interval=[mean - 1, mean + 1], seeds=seeds)

    def batches(epoch: int) -> list:
        alone = 75 - 6 / epoch
        gains = (0, -2 / epoch, *((10, 17 - 8 / epoch) if dependent else (0, 0)))
        found = []
        for (order, size), gain in zip(PLACES, gains):
            one = dict(order=order, batch_size=size, accuracy=values(alone + gain))
            found.append(one if order == 'alone' else {**one, 'gain': values(gain)})
        return found

    scales = {} if not dependent else {'attention scale': values(1 / 1)}
    return (
        dict(
            title=title,
            seeds=[0, 1, 2],
            images=3191,
            depends_on_batch=dependent,
            batch_dependent=dependent,
            epochs=[
                dict(epoch=epoch, readings=scales, batches=batches(epoch))
                for epoch in range(1, epochs + 1)
            ],
        )
        | changes
    )


def test_accuracy_over_epochs(tmp_path):
    training, other = record(), record('without attention', dependent=False)
    paper = [('paper, both:', 95.69), ('paper, detail:', 82.46)]
    figure = plot_epochs(training, [other], paper, 'Released')
    (axes,) = figure.axes
    lines = {line.get_label(): line for line in axes.get_lines() if line.get_marker() != 'None'}
    assert list(lines) == [
        'each alone',
        'shuffled, 32',
        'class by class, 16',
        'class by class, 256',
        'without attention',
    ]
    for place, line in zip(range(4), lines.values()):
        means = [np.mean(one['batches'][place]['accuracy']['seeds']) for one in training['epochs']]
        assert line.get_ydata() == pytest.approx(means)
        assert list(line.get_xdata()) == list(range(1, 9))
    assert len({line.get_marker() for line in lines.values()}) == 5
    written = [re.sub(r'\s', ' ', text.get_text()) for text in axes.texts]
    assert 'paper, both: 95.69' in written and 'paper, detail: 82.46' in written
    last = np.mean(training['epochs'][-1]['batches'][3]['accuracy']['seeds'])
    assert f'class by class, 256: {last:.1f}' in written
    low, high = axes.get_ylim()
    assert low < 66 and high > 95.69
    png, svg = save(figure, tmp_path / 'epochs')
    with Image.open(png) as image:
        assert image.width == 1600
    assert 'Released' in svg.read_text()
    # labels stand apart and inside the picture
    labels = [text for text in axes.texts if text.get_text()[:5] != 'paper']
    boxes = [Text.get_window_extent(text) for text in labels]  # without its leader
    boxes.sort(key=lambda box: box.y0)
    assert all(below.y1 <= above.y0 + 1 for below, above in zip(boxes, boxes[1:]))
    assert max(box.x1 for box in boxes) <= figure.bbox.x1


def test_gains_and_readings():
    figure = plot_gains([record('lite0'), record('48 pixels, from scratch')])
    gain, scale = figure.axes
    assert '256 a batch' in gain.get_ylabel() and scale.get_ylabel() == 'attention scale'
    for axes in (gain, scale):
        lines = [line for line in axes.get_lines() if line.get_marker() != 'None']
        assert len({line.get_color() for line in lines}) == len(lines) == 2
    only = plot_gains([record('lite0', epochs=1)])  # one epoch is a point
    assert len(only.axes) == 2


def test_figures_of_rows():
    rows = [record('honest', dependent=False), record('released')]
    figures = audit_figures(rows)
    assert list(figures) == ['', '_gain'] and 'released' in figures[''].axes[0].get_title('left')
    assert list(audit_figures(rows[:1])) == ['']
    assert 'honest' in audit_figures(rows, 'honest')[''].axes[0].get_title('left')
    with pytest.raises(ConvcutError, match='other: no such row; there are honest, released'):
        audit_figures(rows, 'other')
    with pytest.raises(ConvcutError, match='no epoch in common'):
        plot_epochs(record(epochs=0))


def test_spread():
    rng = np.random.default_rng(0)
    for _ in range(50):
        wanted, needed = rng.uniform(0, 100, 6), rng.uniform(5, 15, 6)
        places = np.array(spread(wanted, needed, 100))
        order = np.argsort(wanted)
        gaps = np.diff(places[order]) - (needed[order][1:] + needed[order][:-1]) / 2
        assert gaps.min() > -1e-9
        assert (places - needed / 2).min() > -1e-9 and (places + needed / 2).max() < 100 + 1e-9
    assert spread([10, 50], [5, 5], 100) == [10, 50]  # nothing moves without need
    assert spread([50, 50], [10, 10], 100) == [45, 55]
