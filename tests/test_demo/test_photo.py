"""What is said about an uploaded photo, and the HTML that says it."""

import re

import numpy as np
import pytest
from page_parts import markup
from page_parts.photo import FaceResult, PhotoResult, classify_photo

from convcut_mm.errors import ConvcutError
from convcut_mm.utils.colours import OKABE_ITO


@pytest.fixture(scope='module')
def inferencer(tiny_model):
    pytest.importorskip('skimage')
    from convcut_mm.apis import ExpressionInferencer

    config, checkpoint = tiny_model()
    return ExpressionInferencer(str(config), str(checkpoint), device='cpu')


def test_face_with_heat(inferencer, photos):
    photo = classify_photo(inferencer, str(photos['astronaut']), with_heat=True)
    (face,) = photo.faces
    left, top, right, bottom = face.box
    # the astronaut's face, as fractions of 512 pixels
    assert 0.3 < left < 0.41 < 0.47 < right < 0.6 and 0.1 < top < 0.2 < 0.3 < bottom < 0.5
    assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert tuple(face.probabilities) == tuple(inferencer.classes)
    # the same as the inferencer itself says
    (expected,) = inferencer(str(photos['astronaut']))[0]['faces']
    assert face.expression == expected['expression']
    assert face.probabilities == pytest.approx(expected['probabilities'], abs=1e-5)
    assert face.picture.shape == face.heat.shape == (224, 224, 3)
    # colours on a grey face
    assert np.ptp(face.heat.astype(int), axis=2).max() > 50 and not face.heat_is_empty
    assert classify_photo(inferencer, str(photos['astronaut'])).faces[0].heat is None


def test_two_faces(inferencer, photos):
    assert len(classify_photo(inferencer, str(photos['two'])).faces) == 2


@pytest.mark.parametrize(
    'name, message',
    [
        ('wall', 'No face was found in this photo.'),
        ('notes', 'notes.txt cannot be read as an image.'),
        ('letter', 'letter.jpg cannot be read as an image.'),
        ('huge', 'huge.png has 20 MB, and this page takes up to 10 MB.'),
        ('bomb', 'bomb.png has 64 megapixels, and this page takes up to 50.'),
    ],
)
def test_plain_messages(inferencer, photos, name, message):
    with pytest.raises(ConvcutError) as error:
        classify_photo(inferencer, str(photos[name]))
    assert str(error.value).startswith(message)
    assert str(photos[name].parent) not in str(
        error.value
    )  # nobody asked for the server's folders


def face(**probabilities: float) -> FaceResult:
    return FaceResult((0.25, 0.5, 0.75, 1.0), probabilities, np.zeros((8, 8, 3), np.uint8))


def test_bars_and_boxes():
    picture = np.zeros((40, 60, 3), np.uint8)
    text = markup.result(PhotoResult(picture, [face(sad=0.2, joy=0.797, fear=0.003)]))
    assert re.findall(r'cc-name">(\w+)<', text) == ['joy', 'sad', 'fear']
    assert re.findall(r'cc-value">([^<]+)<', text) == ['80 %', '20 %', '&lt; 1 %']
    assert re.findall(r'width:([\d.]+)%"></span>', text) == ['79.7', '20.0', '0.3']
    assert 'left:25.00%;top:50.00%;width:50.00%;height:50.00%' in text
    assert '1 face found' in text and 'cc-number' not in text and 'cc-heat' not in text
    heated = face(sad=0.2, joy=0.8)
    heated.heat = heated.picture
    assert 'Grad-CAM: bright areas speak for joy' in markup.result(PhotoResult(picture, [heated]))
    heated.heat_is_empty = True
    assert 'Grad-CAM: no area speaks for joy' in markup.result(PhotoResult(picture, [heated]))
    two = markup.result(PhotoResult(picture, [face(joy=1.0), face(fear=1.0)]))
    assert re.findall(r'cc-number">(\d)<', two) == ['1', '2']
    assert '>1 joy<' in two and '>2 fear<' in two and '2 faces found' in two


def test_labels_stay_within_the_photo():
    corner = FaceResult((0.8, 0.02, 1.0, 0.3), {'happiness': 1.0})
    text = markup.result(PhotoResult(np.zeros((4, 4, 3), np.uint8), [corner, face(joy=1.0)]))
    assert re.findall(r'class="(cc-box[^"]*)"', text) == [
        'cc-box cc-inside cc-leftward', 'cc-box'
    ]  # fmt: skip


def test_the_page_has_the_figures_colours(root):
    style = (root / 'tools' / 'demo' / 'page' / 'style.css').read_text()
    assert f'--cc-accent: {OKABE_ITO[0]}' in style and f'--cc-problem: {OKABE_ITO[3]}' in style


def test_names_are_text_and_not_html():
    name = '<b onload="x">'
    text = markup.result(PhotoResult(np.zeros((4, 4, 3), np.uint8), [face(**{name: 1.0})]))
    assert '<b' not in text and '&lt;b' in text
    assert '<i>' not in markup.note('<i>.jpg cannot be read')


def test_a_crowd_keeps_its_boxes():
    faces = [face(joy=1.0) for _ in range(14)]
    for one in faces[12:]:
        one.picture = None
    text = markup.result(PhotoResult(np.zeros((4, 4, 3), np.uint8), faces))
    assert text.count('class="cc-box') == 14 and text.count('<section') == 12
    assert '14 faces found (bars for the first 12)' in text
