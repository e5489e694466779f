"""Detectors on a real photograph and on images without a face; boxes; cut-out faces."""

import pickle
import sys

import numpy as np
import pytest
from PIL import Image

from convcut_mm.apis.detectors import Face, UprightSearch, build_detector, crop_face
from convcut_mm.apis.detectors.base import RAF_DB
from convcut_mm.apis.detectors.boxes import inside, merge, overlap
from convcut_mm.apis.detectors.crop import LANDMARKS, similarity
from convcut_mm.errors import ConvcutError

TEMPLATE = 100 * RAF_DB[LANDMARKS]
FACE = np.array([[177.0, 70.0, 272.0, 165.0]])  # of the astronaut, drawn by hand


@pytest.fixture(scope='module')
def cascade():
    pytest.importorskip('skimage')
    return build_detector('cascade')


def only_face(detector, image: np.ndarray) -> np.ndarray:
    """Box of the one face that is found."""
    faces = detector(image)
    assert len(faces) == 1
    assert faces[0].landmarks is None
    return np.array([faces[0].box])


@pytest.mark.parametrize('scale', [0.25, 1.0, 4.0])
def test_cascade_finds_the_face_at_any_size(cascade, astronaut, scale):
    size = round(512 * scale)
    image = np.asarray(Image.fromarray(astronaut).resize((size, size)))
    box = only_face(cascade, image)
    assert overlap(box, FACE * scale)[0, 0] > 0.6


def test_cascade_maps_boxes_back_of_what_is_not_square(cascade, astronaut):
    wide = np.full((700, 1100, 3), 127, np.uint8)
    wide[150:662, 500:1012] = astronaut
    box = only_face(cascade, wide)
    assert overlap(box, FACE + np.array([500, 150, 500, 150]))[0, 0] > 0.6


def test_cascade_finds_several_largest_first(cascade, astronaut):
    small = np.asarray(Image.fromarray(astronaut).resize((400, 400)))
    image = np.full((512, 1424, 3), 128, np.uint8)
    image[:400, :400] = small
    image[:, 400:912] = astronaut
    image[:, 912:] = astronaut[:, ::-1]
    boxes = np.array([face.box for face in cascade(image)])
    assert len(boxes) == 3
    sides = boxes[:, 2] - boxes[:, 0]
    assert (np.diff(sides) <= 0).all()
    assert overlap(boxes[2:], FACE * 400 / 512)[0, 0] > 0.5
    middles = sorted((boxes[:2, 0] + boxes[:2, 2]) / 2)
    assert np.allclose(middles, [400 + 224, 1424 - 224], atol=12)


def test_cascade_finds_smaller_faces_in_more_pixels(cascade, astronaut):
    group = np.full((700, 1400, 3), 127, np.uint8)
    small = np.asarray(Image.fromarray(astronaut).resize((250, 250)))
    group[200:450, 600:850] = small
    assert cascade(group) == []
    box = only_face(type(cascade)(longest=960), group)
    assert overlap(box, FACE * 250 / 512 + np.array([600, 200, 600, 200]))[0, 0] > 0.5


@pytest.mark.parametrize('name', ['coffee', 'brick', 'coins', 'page'])
def test_cascade_finds_none_where_there_is_none(cascade, name):
    from skimage import data

    image = getattr(data, name)()
    image = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
    assert cascade(np.ascontiguousarray(image)) == []


@pytest.mark.parametrize('shape', [(16, 16), (1, 1), (4, 3000), (500, 3)])
def test_cascade_on_what_is_too_small(cascade, shape):
    assert cascade(np.full((*shape, 3), 127, np.uint8)) == []


def test_none_takes_the_whole_image():
    (face,) = build_detector('none')(np.zeros((30, 20, 3), np.uint8))
    assert face == Face((0.0, 0.0, 20.0, 30.0), None, None)


def test_unknown_detector():
    with pytest.raises(ConvcutError, match='unknown detector "haar", expected one of cascade'):
        build_detector('haar')


@pytest.mark.parametrize(
    'name,package,command',
    [
        ('cascade', 'skimage.data', 'scikit-image'),
        ('centerface', 'onnxruntime', 'onnxruntime'),
        ('dlib', 'dlib', 'dlib-bin'),
        ('mtcnn', 'facenet_pytorch', 'requests tqdm && pip install --no-deps facenet-pytorch'),
    ],
)
def test_a_missing_package_is_one_line(monkeypatch, name, package, command):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConvcutError) as error:
        build_detector(name)
    text = str(error.value)
    assert text.startswith(f'the detector "{name}" needs') and '\n' not in text
    assert text.endswith(f': pip install {command}')


@pytest.mark.parametrize('name,package', [('dlib', 'dlib'), ('mtcnn', 'facenet_pytorch')])
def test_detectors_of_other_packages(name, package, astronaut):
    pytest.importorskip(package)
    detector = build_detector(name)
    (face,) = detector(astronaut)
    assert overlap(np.array([face.box]), FACE)[0, 0] > 0.5
    assert (face.landmarks is None) == (name == 'dlib')
    if name == 'mtcnn':
        eyes, mouth = face.landmarks[:2], face.landmarks[3:]
        assert eyes[0, 0] < eyes[1, 0] and mouth[0, 0] < mouth[1, 0]
        assert eyes[:, 1].max() < mouth[:, 1].min()
    assert pickle.loads(pickle.dumps(detector))(astronaut)[0].box == face.box
    assert detector(np.zeros((8, 8, 3), np.uint8)) == []


@pytest.mark.parametrize('turn', [90, 180, 270])
def test_a_box_in_a_turned_image_is_cut_out_upright(turn):
    image = ramp(100, 120)
    upright = crop_face(image, Face((20.0, 30.0, 60.0, 70.0)), margin=0.1, size=48)
    # the image as a camera held sideways stores it: turned clockwise, it stands right
    stored = np.ascontiguousarray(np.rot90(image, turn // 90))
    (face,) = UprightSearch(lambda image: [Face((20.0, 30.0, 60.0, 70.0))] * is_upright(image))(
        stored
    )
    assert face.turn == turn
    assert abs(crop_face(stored, face, 0.1, 48).astype(int) - upright).max() <= 1


def is_upright(image: np.ndarray) -> bool:
    """Whether a ramp is as it was drawn: red grows to the right, green downwards."""
    return bool(image[0, -1, 0] > image[0, 0, 0] and image[-1, 0, 1] > image[0, 0, 1])


def test_yunet_needs_its_file(tmp_path):
    with pytest.raises(ConvcutError, match='"yunet" needs its model file'):
        build_detector('yunet')
    with pytest.raises(ConvcutError, match='a.onnx: no such file; expected face_detection_yunet'):
        build_detector('yunet', tmp_path / 'a.onnx')
    (tmp_path / 'a.onnx').write_bytes(b'no network')
    with pytest.raises(ConvcutError, match='a.onnx: not a YuNet model'):
        build_detector('yunet', tmp_path / 'a.onnx')


def test_overlap():
    first = np.array([[0, 0, 2, 2], [0, 0, 1, 1]])
    second = np.array([[1, 0, 3, 2], [5, 5, 6, 6], [0, 0, 4, 4]])
    assert np.allclose(overlap(first, second), [[2 / 6, 0, 4 / 16], [0, 0, 1 / 16]])
    assert np.allclose(inside(first, second), [[0.5, 0, 1], [0, 0, 1]])


def test_merge_takes_the_median_of_each_face():
    one = [(10, 10, 30, 30), (11, 10, 31, 30), (12, 10, 33, 30)]
    other = [(100, 100, 160, 160), (120, 120, 140, 140)]  # one inside the other
    assert merge([one[0], other[0], one[1], other[1], one[2]]) == [
        ((110.0, 110.0, 150.0, 150.0), 2),
        ((11.0, 10.0, 31.0, 30.0), 3),
    ]
    assert merge([]) == []


def ramp(height: int, width: int) -> np.ndarray:
    """Red is the column and green the row."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0], image[..., 1] = np.arange(width)[None], np.arange(height)[:, None]
    return image


def test_crop_keeps_pixels():
    image = ramp(100, 120)
    cut = crop_face(image, Face((20.0, 30.0, 60.0, 70.0)), margin=0, size=40)
    assert (cut == image[30:70, 20:60]).all()
    wider = crop_face(image, Face((20.0, 30.0, 60.0, 70.0)), margin=0.25, size=60)
    assert (wider == image[20:80, 10:70]).all()
    tighter = crop_face(image, Face((20.0, 30.0, 60.0, 70.0)), margin=-0.25, size=20)
    assert (tighter == image[40:60, 30:50]).all()


def test_crop_is_square_and_averages():
    image = ramp(100, 120)
    cut = crop_face(image, Face((40.0, 10.0, 60.0, 90.0)), margin=0, size=20)
    expected = image[10:90, 10:90].reshape(20, 4, 20, 4, 3).mean(axis=(1, 3))
    assert abs(cut - expected).max() <= 1


def test_crop_repeats_the_border():
    cut = crop_face(ramp(50, 50), Face((-20.0, 30.0, 20.0, 70.0)), margin=0, size=40)
    assert (cut[:, :20, 0] == 0).all() and (cut[0, 20:, 0] == np.arange(20)).all()
    assert (cut[20:, :, 1] == 49).all() and (cut[:20, 30, 1] == np.arange(30, 50)).all()


def test_crop_does_not_alias():
    stripes = np.zeros((2000, 2000, 3), np.uint8)
    stripes[:, ::2] = 255
    cut = crop_face(stripes, Face((100.0, 100.0, 1900.0, 1900.0)), margin=0, size=48)
    assert abs(cut.astype(int) - 127).max() < 12


@pytest.mark.parametrize('angle,scale', [(0, 1.0), (25, 1.7), (-140, 1.2)])
def test_landmarks_are_brought_onto_the_template(angle, scale):
    turn = np.deg2rad(angle)
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (TEMPLATE - 50) @ rotation.T + (150, 160)
    back = similarity(points, TEMPLATE)
    assert np.allclose(points @ back[:, :2].T + back[:, 2], TEMPLATE)

    image = np.zeros((320, 300, 3), np.uint8)
    rows, columns = np.mgrid[:320, :300] + 0.5
    for x, y in points:
        image[(columns - x) ** 2 + (rows - y) ** 2 < (5 * scale) ** 2] = 255
    nose = points.mean(axis=0)
    landmarks = np.concatenate([points[:2], nose[None], points[2:]])
    face = Face((0.0, 0.0, 1.0, 1.0), 0.9, landmarks)
    for margin in (0.0, 0.2):
        cut = crop_face(image, face, margin, 100)[..., 0] > 127
        places = (TEMPLATE + 100 * margin) / (1 + 2 * margin)
        expected = np.zeros((100, 100), bool)
        rows, columns = np.mgrid[:100, :100] + 0.5
        for x, y in places:
            expected |= (columns - x) ** 2 + (rows - y) ** 2 < (5 / (1 + 2 * margin)) ** 2
        assert (cut != expected).sum() < 0.15 * expected.sum()
