"""Pictures: boxes where the faces are, bars as long as the probabilities, nothing cut off."""

import numpy as np
import pytest

from convcut_mm.apis.outputs.drawing import draw_result, on_colour
from convcut_mm.apis.outputs.sidebar import OTHER_BARS, TRACK, face_colour

CLASSES = ('neutral', 'happiness', 'contempt')


def rgb(colour: str) -> tuple:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def same(picture: np.ndarray, colour: str) -> np.ndarray:
    return (picture == rgb(colour)).all(axis=2)


def face(box, scores=(0.25, 0.7, 0.05), **extra) -> dict:
    label = int(np.argmax(scores))
    return dict(
        box=list(box),
        detection_score=None,
        label=label,
        expression=CLASSES[label],
        score=scores[label],
        probabilities=dict(zip(CLASSES, scores)),
        **extra,
    )


def result(*faces, error=None) -> dict:
    return dict(input='a', width=400, height=300, faces=list(faces), error=error)


GREY = np.full((300, 400, 3), 127, np.uint8)


def test_box_and_picture_stay_in_place():
    one = face((100.0, 80.0, 200.0, 180.0))
    drawn = draw_result(GREY, result(one), CLASSES)
    assert drawn.dtype == np.uint8 and drawn.shape[0] == 300 and drawn.shape[1] > 400
    box = same(drawn[:, :400], face_colour(one, 0))
    rows, columns = np.nonzero(box[84:])  # below the label
    assert abs(rows.max() + 84 - 180) <= 2
    assert abs(columns.min() - 100) <= 2 and abs(columns.max() - 200) <= 2
    assert (drawn[90:170, 110:190] == 127).all()  # the face itself is free


def test_bars_are_as_long_as_the_probabilities():
    one = face((100.0, 80.0, 200.0, 180.0), (0.5, 0.4, 0.1))
    side = draw_result(GREY, result(one), CLASSES)[:, 400:]
    lengths = []
    background = same(side, TRACK) | same(side, OTHER_BARS) | same(side, face_colour(one, 0))
    rows = np.flatnonzero(background.sum(axis=1) > 40)
    bars = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    assert len(bars) == 3
    for bar in bars:
        row = side[bar[len(bar) // 2]][None]
        full = same(row, OTHER_BARS) | same(row, face_colour(one, 0))
        lengths.append(full.sum() / (full | same(row, TRACK)).sum())
    assert np.allclose(lengths, (0.5, 0.4, 0.1), atol=0.02)
    answer = same(side[bars[0]], face_colour(one, 0)).any()
    assert answer and not same(side[bars[1]], face_colour(one, 0)).any()


@pytest.mark.parametrize('shape', [(16, 16), (48, 48), (40, 700), (900, 30), (1080, 1920)])
@pytest.mark.parametrize('number', [0, 1, 9])
def test_size_depends_on_the_image_only(shape, number):
    """So that a video's frames are alike; both sides are even for the encoder."""
    image = np.full((*shape, 3), 200, np.uint8)
    faces = [face((1.0 * i, 1.0, 9.0 + i, 9.0)) for i in range(number)]
    drawn = draw_result(image, result(*faces), CLASSES)
    assert drawn.shape == draw_result(image, result(), CLASSES).shape
    assert drawn.shape[0] % 2 == drawn.shape[1] % 2 == 0
    border = np.concatenate([drawn[:, -2:].reshape(-1, 3), drawn[-2:, -100:].reshape(-1, 3)])
    assert (border == 255).all()  # no text or bar runs out of the picture


def test_huge_pictures_are_reduced():
    drawn = draw_result(np.zeros((6000, 8000, 3), np.uint8), result(), CLASSES)
    assert drawn.shape[0] == 1200 and 1600 < drawn.shape[1] < 2300


def test_faces_have_colours_of_their_own_and_persons_keep_them():
    colours = [face_colour({}, number) for number in range(7)]
    assert len(set(colours)) == 7
    assert face_colour({'track': 4}, 0) == colours[3]  # person 4 and face 4


@pytest.mark.parametrize('colour,text', [('#F0E442', 'black'), ('#0072B2', 'white')])
def test_text_on_colour(colour, text):
    assert on_colour(colour) == text


def test_without_a_face_it_says_so():
    blank = np.full((300, 400, 3), 255, np.uint8)
    drawn = draw_result(blank, result(), CLASSES)
    unreadable = draw_result(blank, result(error='a: broken'), CLASSES)
    assert (drawn[:, :400] == 255).all() and (drawn[:, 400:] != 255).any()
    assert (drawn != unreadable).any()
