"""YuNet's output read, on a network of its shape that sees one known face in every image."""

import math
import pickle

import numpy as np
import pytest

from convcut_mm.apis.detectors import build_detector
from convcut_mm.apis.detectors.yunet import YuNetDetector
from convcut_mm.errors import ConvcutError

WIDTH, HEIGHT = 96, 64
LANDMARKS = [(36, 20), (52, 20), (44, 26), (38, 34), (50, 34)]


def write_network(path, helper, proto) -> None:
    """Outputs of constants: a score in one cell of stride 8, and that cell's box and points."""
    nodes, outputs, constants = [], [], []
    zero = helper.make_tensor('zero', proto.FLOAT, [1], [0.0])
    nodes.append(helper.make_node('GlobalAveragePool', ['input'], ['mean']))
    nodes.append(helper.make_node('Flatten', ['mean'], ['flat']))
    nodes.append(helper.make_node('ReduceSum', ['flat'], ['sum'], keepdims=0))
    nodes.append(helper.make_node('Mul', ['sum', 'zero'], ['nothing']))
    for kind, columns in (('cls', 1), ('obj', 1), ('bbox', 4), ('kps', 10)):
        for stride in (8, 16, 32):
            cells = (HEIGHT // stride) * (WIDTH // stride)
            values = np.zeros((1, cells, columns), np.float32)
            if stride == 8:
                cell = 3 * (WIDTH // 8) + 5  # row 3, column 5
                values[0, cell] = {
                    'cls': 0.81,
                    'obj': 1.0,
                    'bbox': (0.5, 0.25, math.log(3), math.log(4)),
                    'kps': (np.array(LANDMARKS) / 8 - (5, 3)).ravel(),
                }[kind]
            name = f'{kind}_{stride}'
            constants.append(
                helper.make_tensor(f'c_{name}', proto.FLOAT, values.shape, values.ravel())
            )
            nodes.append(helper.make_node('Add', [f'c_{name}', 'nothing'], [name]))
            outputs.append(helper.make_tensor_value_info(name, proto.FLOAT, values.shape))
    inputs = [helper.make_tensor_value_info('input', proto.FLOAT, [1, 3, HEIGHT, WIDTH])]
    graph = helper.make_graph(nodes, 'faces', inputs, outputs, [zero, *constants])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())


@pytest.fixture(scope='module')
def yunet(tmp_path_factory):
    onnx = pytest.importorskip('onnx')
    path = tmp_path_factory.mktemp('yunet') / 'faces.onnx'
    write_network(path, onnx.helper, onnx.TensorProto)
    return YuNetDetector(path, trusted=True)


def test_box_score_and_landmarks(yunet):
    (face,) = yunet(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    assert np.allclose(face.box, (32, 10, 56, 42), atol=1e-3)
    assert face.score == pytest.approx(0.9, abs=1e-3)
    assert np.allclose(face.landmarks, LANDMARKS, atol=1e-3)


def test_of_large_images_in_their_own_pixels(yunet, monkeypatch):
    monkeypatch.setattr('convcut_mm.apis.detectors.yunet.LONGEST', WIDTH)
    (face,) = yunet(np.zeros((4 * HEIGHT, 4 * WIDTH, 3), np.uint8))
    assert np.allclose(face.box, (128, 40, 224, 168), atol=0.01)
    assert np.allclose(face.landmarks, 4 * np.array(LANDMARKS), atol=0.01)


def test_only_what_opencv_published(tmp_path, exported_model):
    """OpenCV's reader crashes on some files, our own exported ones among them."""
    onnx = pytest.importorskip('onnx')
    write_network(tmp_path / 'other.onnx', onnx.helper, onnx.TensorProto)
    (tmp_path / 'text.onnx').write_text('no network')
    (tmp_path / 'large.onnx').write_bytes(bytes(17 * 2**20))
    own = exported_model('onnx')[1].files[0]
    for file in (*(tmp_path / f'{name}.onnx' for name in ('other', 'text', 'large')), own):
        with pytest.raises(ConvcutError, match='by its SHA-256|larger than 16 MiB') as found:
            build_detector('yunet', file)
        assert str(found.value).startswith(f'{file}: ') and '\n' not in str(found.value)
    with pytest.raises(ConvcutError, match='text.onnx: not a YuNet model; expected'):
        YuNetDetector(tmp_path / 'text.onnx', trusted=True)


def test_pickle(yunet):
    (face,) = pickle.loads(pickle.dumps(yunet))(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    assert np.allclose(face.box, (32, 10, 56, 42), atol=1e-3)
