"""Figures are saved as PNG and SVG, reproducibly, with distinguishable classes."""

from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from convcut_mm.errors import ConvcutError
from convcut_mm.utils.plotting import (
    class_style,
    new_figure,
    save,
    stacked,
    styled,
)


@styled
def picture():
    figure = new_figure(3, 2)
    figure.subplots().set_title('surprise')
    return figure


def test_png_and_svg_with_text_and_without_leftovers(tmp_path):
    png, svg = save(picture(), tmp_path / 'new' / 'convcut.v2')
    assert [png.name, svg.name] == ['convcut.v2.png', 'convcut.v2.svg']
    assert sorted(path.name for path in png.parent.iterdir()) == [png.name, svg.name]
    assert Image.open(png).size == (600, 400)  # inches at 200 dots
    texts = [element.text for element in ElementTree.parse(svg).iter() if element.text]
    assert 'surprise' in texts


def test_the_same_picture_is_the_same_file(tmp_path):
    one, other = save(picture(), tmp_path / 'a.png'), save(picture(), tmp_path / 'b.svg')
    assert [path.name for path in one + other] == ['a.png', 'a.svg', 'b.png', 'b.svg']
    for path, again in zip(one, other):
        assert path.read_bytes() == again.read_bytes()


def test_a_folder_is_no_name_for_a_picture(tmp_path):
    with pytest.raises(ConvcutError, match='expected a path that ends in a name'):
        save(picture(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_two_classes_look_alike():
    styles = [class_style(index) for index in range(88)]
    assert len({(style['color'], style['marker']) for style in styles}) == 88


# Viénot, Brettel and Mollon (1999): what is left of linear RGB without the red or green cones
DICHROMATS = {
    'protanopia': [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    'deuteranopia': [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


@pytest.mark.parametrize('kind', DICHROMATS)
def test_colour_blind_readers_tell_eight_classes_apart(kind):
    seen = [
        np.array(DICHROMATS[kind]) @ (np.array(to_rgb(class_style(index)['color'])) ** 2.2)
        for index in range(8)
    ]
    seen = [np.clip(colour, 0, 1) ** (1 / 2.2) for colour in seen]
    for i in range(8):
        for j in range(i):
            # 0.1 of the way from black to white; red and green of equal light come below 0.05
            assert np.linalg.norm(seen[i] - seen[j]) > 0.1, (i, j)


def test_names_of_two_words_stay_horizontal():
    assert stacked(['fear', 'sadly angry']) == ['fear', 'sadly\nangry']
