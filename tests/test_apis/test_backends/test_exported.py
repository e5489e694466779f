"""Backends behind the inferencer, and files that they refuse."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from convcut_mm.apis import ExpressionInferencer
from convcut_mm.apis.backends import OnnxRuntimeBackend, OpenVinoBackend, backend_class
from convcut_mm.apis.backends.metadata import ModelInfo
from convcut_mm.errors import ConvcutError

SUFFIX = {'onnxruntime': '.onnx', 'openvino': '.xml'}
FORMAT = {'onnxruntime': 'onnx', 'openvino': 'openvino'}


@pytest.fixture
def exported(exported_model):
    """A small network as a file for a backend; gives its path."""

    def make(backend: str) -> Path:
        return exported_model(FORMAT[backend])[1].files[0]

    return make


@pytest.mark.parametrize('backend', SUFFIX)
def test_inferencer_gives_the_same_labels(backend, exported, inferencer, tmp_path):
    draw = np.random.default_rng(1)
    for number, side in enumerate((20, 64, 100, 300)):  # each is resized and cut
        cells = draw.integers(0, 256, (5, 5, 3), np.uint8)
        Image.fromarray(cells).resize((side, side)).save(tmp_path / f'{number}.png')
    other = ExpressionInferencer(backend=backend, pretrained=exported(backend), detector='none')
    assert other.classes == inferencer.classes
    expected, got = (each(str(tmp_path)) for each in (inferencer, other))
    assert len(expected) == 4
    for one, two in zip(expected, got):
        (face,), (same,) = one['faces'], two['faces']
        assert face['expression'] == same['expression'] and face['label'] == same['label']
        assert same['probabilities'] == pytest.approx(face['probabilities'], abs=1e-4)


# through the command and in Python
WITHOUT_TORCH = """
import sys
import convcut

photo, model, out = sys.argv[1:]
options = dict(backend='onnxruntime', detector='none')
assert convcut.ExpressionInferencer(model, **options)(photo)[0]['faces']
words = [word for name, value in options.items() for word in (f'--{name}', value)]
try:
    convcut.main(['infer', photo, '--out', out, '--model', model, *words])
except SystemExit as end:
    assert not end.code
heavy = {'torch', 'torchvision', 'mmengine', 'mmcv', 'mmpretrain', 'matplotlib', 'scipy'}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_onnx_needs_neither_torch_nor_mmpretrain(exported, inferencer, root, tmp_path):
    photo = root / 'docs/images/astronaut.jpg'
    words = [sys.executable, '-c', WITHOUT_TORCH, photo, exported('onnxruntime'), tmp_path]
    environment = {**os.environ, 'PYTHONPATH': str(root)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    (face,) = json.loads((tmp_path / 'predictions.jsonl').read_text())['faces']
    (expected,) = inferencer(photo)[0]['faces']
    assert face['probabilities'] == pytest.approx(expected['probabilities'], abs=1e-5)


@pytest.mark.parametrize('backend', SUFFIX)
def test_files_that_are_none(backend, exported, tmp_path):
    file, suffix = exported(backend), SUFFIX[backend]
    with pytest.raises(ConvcutError, match='no such file'):
        backend_class(backend)(tmp_path / f'missing{suffix}')
    with pytest.raises(ConvcutError, match=f'expected a {suffix} file'):
        backend_class(backend)(tmp_path / 'model.pth')
    broken = tmp_path / f'broken{suffix}'
    broken.write_bytes(file.read_bytes()[:500])
    broken.with_suffix('.bin').write_bytes(b'')
    with pytest.raises(ConvcutError, match='cannot be read as an? (ONNX|OpenVINO) model') as found:
        backend_class(backend)(broken)
    assert '\n' not in str(found.value)


def test_xml_without_its_weights(exported, tmp_path):
    shutil.copy(exported('openvino'), tmp_path / 'alone.xml')
    with pytest.raises(ConvcutError, match='alone.bin: no such file'):
        OpenVinoBackend(tmp_path / 'alone.xml')


def test_somebody_elses_onnx(tmp_path, exported):
    import onnx

    model = onnx.load(exported('onnxruntime'))
    del model.metadata_props[:]
    onnx.save(model, tmp_path / 'foreign.onnx')
    with pytest.raises(ConvcutError, match='was not written by tools/deployment/export.py'):
        OnnxRuntimeBackend(tmp_path / 'foreign.onnx')


@pytest.mark.parametrize('backend', SUFFIX)
@pytest.mark.parametrize(
    'faces', [np.zeros((1, 32, 32, 3), np.uint8), np.zeros((1, 64, 64, 3), np.float32)]
)
def test_faces_of_another_kind(backend, faces, exported):
    with pytest.raises(ConvcutError, match=r'takes uint8 faces \(N, 64, 64, 3\), got'):
        backend_class(backend)(exported(backend))(faces)


def test_openvino_precisions(exported, inferencer):
    file = exported('openvino')
    faces = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)
    rounded = OpenVinoBackend(file, precision='bfloat16')(faces)
    assert np.abs(rounded - inferencer.backend(faces)).max() < 0.1
    with pytest.raises(ConvcutError, match='precision "int4": expected float32 or bfloat16'):
        OpenVinoBackend(file, precision='int4')


@pytest.mark.parametrize('backend', SUFFIX)
def test_missing_package_names_the_command(backend, exported, monkeypatch):
    file = exported(backend)
    monkeypatch.setitem(sys.modules, backend, None)  # as Python marks what cannot be imported
    with pytest.raises(ConvcutError, match=r'pip install "convcut_mm\[export\]"'):
        backend_class(backend)(file)


def test_torch_backend_takes_batch_attention_face_by_face(make_inferencer):
    backend = make_inferencer('batch').backend
    faces = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)
    alone = np.concatenate([backend(faces[i : i + 1]) for i in range(5)])
    assert np.abs(backend(faces) - alone).max() < 1e-6
    inputs = torch.tensor(faces[..., ::-1].transpose(0, 3, 1, 2).copy())
    inputs = backend.model.data_preprocessor({'inputs': inputs}, False)['inputs']
    together = backend.model(inputs).softmax(1).detach().numpy()
    assert np.abs(together - alone).max() > 1e-3  # that is what is avoided


def test_unknown_backend():
    with pytest.raises(ConvcutError, match='unknown backend "tflite", expected one of torch'):
        backend_class('tflite')


def test_metadata_survive_the_way_through_strings():
    info = ModelInfo(('happiness', 'überrascht & "froh"'), 48, True, 0.64)
    assert ModelInfo.from_strings(info.to_strings(), 'file') == info
    with pytest.raises(ConvcutError, match='file: its metadata cannot be read'):
        ModelInfo.from_strings({**info.to_strings(), 'size': 'large'}, 'file')
