"""Fixtures of the plots: a tiny model with its test images, and a check of the text."""

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg


class TextRecorder(RendererAgg):
    """A renderer that keeps (text, points, left, top, right, bottom) of each line of text."""

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        if s.strip():
            width, height, descent = self.get_text_width_height_descent(s, prop, ismath)
            up, right = (height - descent, width) if angle == 0 else (width, descent)
            left, down = (0, descent) if angle == 0 else (height - descent, 0)
            assert angle in (0, 90), s
            self.lines.append(
                (s, prop.get_size_in_points(), x - left, y - up, x + right, y + down)
            )
        super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)


@pytest.fixture(scope='session')
def legible():
    """Check that every line of text is large enough, inside, and apart from the others."""

    def check(figure) -> None:
        FigureCanvasAgg(figure)
        width, height = figure.bbox.size
        renderer = TextRecorder(width, height, figure.dpi)
        renderer.lines = []
        figure.draw(renderer)
        assert renderer.lines
        for text, points, left, top, right, bottom in renderer.lines:
            assert points >= 9, text
            assert left >= -1 and top >= -1 and right <= width + 1 and bottom <= height + 1, text
        for one, other in combinations(renderer.lines, 2):
            assert not _overlap(one[2:], other[2:]), (one, other)

    return check


def _overlap(a, b, slack: float = 2.0) -> bool:
    return all(min(a[i + 2], b[i + 2]) - max(a[i], b[i]) > slack for i in (0, 1))
