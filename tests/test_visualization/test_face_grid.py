"""The grid of faces: titles and captions, in reading order."""

import numpy as np
import pytest

from convcut_mm.utils.plotting import styled
from convcut_mm.visualization.face_grid import (
    GridRow,
    plot_grid,
    plot_over_face,
    prediction_caption,
)

CLASSES = ('surprise', 'fear')


@pytest.mark.parametrize(
    'label,text,wrong',
    [(1, 'fear\n80 %', False), (0, '✗ fear\n80 %', True), (None, 'fear\n80 %', False)],
)
def test_captions(label, text, wrong):
    caption = prediction_caption(np.array([0.2, 0.8]), label, CLASSES)
    assert (caption.text, caption.wrong) == (text, wrong)


@styled
def grid(number: int, rows: int = 2):
    def plot(axes, index) -> None:
        axes.imshow(np.full((2, 2), index), vmin=0, vmax=20)

    captions = [
        prediction_caption(np.array([0.2, 0.8]), index % 2, CLASSES) for index in range(number)
    ]
    rows = [GridRow('image', plot)] + [
        GridRow(f'model {i}', plot, captions) for i in range(1, rows)
    ]
    return plot_grid([f'happiness {i}' for i in range(number)], rows)


def test_columns_in_reading_order(legible):
    figure = grid(7, rows=3)
    cells = np.reshape(figure.axes, (3, 7))
    assert [cell.get_title() for cell in cells[0]] == [f'happiness {i}' for i in range(7)]
    assert [cell.get_ylabel() for cell in cells[:, 0]] == ['image', 'model 1', 'model 2']
    for row in cells:
        assert [cell.images[0].get_array()[0, 0] for cell in row] == list(range(7))
    assert [cell.get_xlabel() for cell in cells[0]] == [''] * 7
    assert cells[1, 0].get_xlabel() == '✗ fear\n80 %' and cells[1, 1].get_xlabel() == 'fear\n80 %'
    # wrong predictions have another colour too
    assert cells[1, 0].xaxis.label.get_color() != cells[1, 1].xaxis.label.get_color()
    legible(figure)


def test_many_faces_continue_below(legible):
    figure = grid(11)
    cells = np.reshape(figure.axes, (4, 6))
    assert [cell.get_title() for cell in cells[2]][:5] == [f'happiness {i}' for i in range(6, 11)]
    assert cells[3, 4].images and not cells[3, 5].axison and not cells[2, 5].axison
    legible(figure)


@pytest.mark.parametrize('number', [1, 2])
def test_few_faces(number, legible):
    legible(grid(number))


@styled
def test_values_lie_over_the_whole_face():
    from convcut_mm.utils.plotting import new_figure

    axes = new_figure(2, 2).subplots()
    picture = np.zeros((48, 48, 3), np.uint8)
    picture[..., 1] = 255
    values = np.array([[0.1, 0.2], [0.3, 0.4]])
    plot_over_face(axes, picture, values, highest=0.4)
    face, heat = axes.images
    assert heat.get_array().tolist() == values.tolist()
    assert tuple(heat.get_extent()) == tuple(face.get_extent()) == (-0.5, 47.5, 47.5, -0.5)
    assert heat.get_clim() == (0, 0.4)
    # the face stays visible everywhere, most where the values are low
    assert (np.diff(heat.get_alpha().ravel()) > 0).all() and heat.get_alpha().max() < 1
    assert face.get_array().shape == (48, 48) and face.get_array()[0, 0] == 150  # grey of green
