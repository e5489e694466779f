"""Fixtures for the pictures: a tiny model with its test images, and a look at the text drawn."""

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text


@pytest.fixture(scope='session')
def classifier(tiny_model):
    """Loads a tiny model: ``classifier('spatial')``."""
    from convcut_mm.visualization.classifier import load_classifier

    def load(attention='spatial', name='tiny', seed=0, extra=''):
        return load_classifier(*tiny_model(attention, seed, extra), name=name, device='cpu')

    return load


@pytest.fixture(scope='session')
def legible():
    """Checks that every text of a figure is large enough, inside, and apart from the others."""

    def check(figure) -> None:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        texts = [
            text
            for text in figure.findobj(Text)
            if text.get_text().strip() and text.get_visible() and _shown(text)
        ]
        assert texts
        boxes = [text.get_window_extent(renderer) for text in texts]
        for text, box in zip(texts, boxes):
            assert text.get_fontsize() >= 9, text
            assert box.x0 >= -1 and box.y0 >= -1, text
            assert box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, text
        for (one, box), (other, other_box) in combinations(zip(texts, boxes), 2):
            assert not _overlap(box, other_box), (one, other)

    return check


def _shown(text) -> bool:
    axes = text.axes
    return axes is None or axes.axison or text in axes.texts


def _overlap(a, b, slack: float = 1.0) -> bool:
    return min(a.x1, b.x1) - max(a.x0, b.x0) > slack and min(a.y1, b.y1) - max(a.y0, b.y0) > slack
