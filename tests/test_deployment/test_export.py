"""Exported files against PyTorch and a hand-written forward pass; refused exports."""

import json
import tempfile

import numpy as np
import pytest
import torch

from convcut_mm.apis.backends import OnnxRuntimeBackend, TorchBackend, backend_class
from convcut_mm.deployment import FORMATS, export
from convcut_mm.deployment.parity import Parity, compare, sample_faces
from convcut_mm.errors import ConvcutError

pytest.importorskip('onnxscript')
RUNS = {'onnx': 'onnxruntime', 'openvino': 'openvino'}
CLASSES = ['surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral']
# a frozen backbone goes through batches on the CPU in slices
FROZEN = 'model = dict(backbone=dict(frozen=True), head=dict(embedding=8))'


@pytest.fixture(scope='module')
def source(tiny_model):
    """The PyTorch backend of a small network."""

    def make(attention='spatial', extra='') -> TorchBackend:
        from convcut_mm.apis import ExpressionInferencer

        config, checkpoint = tiny_model(attention, extra=extra)
        return ExpressionInferencer(config, checkpoint, device='cpu', detector='none').backend

    return make


def by_hand(model: torch.nn.Module, faces: np.ndarray) -> np.ndarray:
    """Probabilities without the package's preprocessing: ImageNet's mean and std, red first."""
    x = (faces.astype(np.float64) - [123.675, 116.28, 103.53]) / [58.395, 57.12, 57.375]
    with torch.no_grad():
        logits = model(torch.tensor(x.transpose(0, 3, 1, 2), dtype=torch.float32))
    powers = np.exp(logits.numpy() - logits.numpy().max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


@pytest.mark.parametrize(
    'format,attention,extra',
    [('onnx', 'spatial', ''), ('onnx', 'channel', FROZEN), ('openvino', 'spatial', '')],
)
def test_probabilities_for_any_batch(format, attention, extra, exported_model):
    torch_backend, result = exported_model(format, attention, extra)
    backend = backend_class(RUNS[format])(result.files[0])
    faces = sample_faces(64, 12, seed=5)
    expected = by_hand(torch_backend.model, faces)
    assert expected.max() - expected.min() > 0.1  # random weights, but not the same for all
    for part in (slice(0, 1), slice(3, 5), slice(0, 12)):
        got = backend(faces[part])
        assert got.dtype == np.float32 and np.abs(got - expected[part]).max() < 1e-4
    assert result.parity.faces == 32 and result.parity.difference < 1e-4
    assert result.parity.labels == 0
    assert backend(faces[:0]).shape == (0, 7)


@pytest.mark.parametrize('format', RUNS)
def test_file_says_what_it_is(format, exported_model, root):
    _, result = exported_model(format)
    backend = backend_class(RUNS[format])(result.files[0])
    assert list(backend.classes) == CLASSES and backend.size == 64
    assert backend.grey is False and backend.crop_ratio == pytest.approx(0.64, abs=0.01)
    assert all(file.is_file() for file in result.files)
    assert len(result.files) == (2 if format == 'openvino' else 1)
    # PyTorch's exporter writes stack traces into the file
    content = b''.join(file.read_bytes() for file in result.files)
    assert str(root).encode() not in content and b'site-packages' not in content


def test_onnx_metadata_for_other_programs(exported_model):
    import onnx

    model = onnx.load(exported_model('onnx')[1].files[0])
    onnx.checker.check_model(model)
    found = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert found['classes'] == CLASSES and found['size'] == 64
    (given,) = model.graph.input
    dims = [dim.dim_value or dim.dim_param for dim in given.type.tensor_type.shape.dim]
    assert isinstance(dims[0], str) and dims[1:] == [64, 64, 3]
    assert given.type.tensor_type.elem_type == onnx.TensorProto.UINT8


def test_batch_attention_is_refused_with_the_reason(source, tmp_path):
    with pytest.raises(ConvcutError, match='for a face depends on the other faces'):
        export(source('batch'), tmp_path / 'model.onnx', 'onnx')
    assert not list(tmp_path.iterdir())


def test_other_numbers_than_pytorch_are_refused(source, tmp_path, monkeypatch):
    """A reference that sees darker faces, in the place of any difference."""
    pytest.importorskip('onnxruntime')

    class Other(TorchBackend):
        def __call__(self, faces):
            # what a kill would leave now: a draft that the next run beside it knows
            under_way = {path.name for path in tmp_path.iterdir()} - {'model.onnx', 'tmp'}
            assert [name.startswith('.model.onnx.') for name in under_way] == [True]
            assert not list((tmp_path / 'tmp').iterdir())
            return super().__call__(faces // 2)

    honest = source()
    other = Other(honest.classifier)
    file = tmp_path / 'model.onnx'
    file.write_text('what lay there before')
    (tmp_path / 'tmp').mkdir()
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path / 'tmp'))
    with pytest.raises(ConvcutError, match=r'not written, .* differ from .* PyTorch by up to 0\.'):
        export(other, file, 'onnx')
    assert {path.name for path in tmp_path.iterdir()} == {'model.onnx', 'tmp'}
    assert file.read_text() == 'what lay there before'


def test_compare_counts_labels_and_finds_nan(source):
    backend = source()
    faces = sample_faces(64, 8)

    class Other(TorchBackend):
        wrong = np.nan

        def __call__(self, faces):
            scores = super().__call__(faces)
            scores[scores.argmax(1) >= 0, 0] = self.wrong
            return scores

    other = Other(backend.classifier)
    assert compare(backend, backend, faces) == Parity(8, pytest.approx(0, abs=1e-6), 0)
    assert compare(backend, other, faces).difference == float('inf')
    other.wrong = 2.0  # the first class wins everywhere
    expected = int((backend(faces).argmax(1) != 0).sum())
    assert compare(backend, other, faces).labels == expected > 0


def test_padding_preprocessor_is_refused(source, tmp_path):
    backend = source(extra='data_preprocessor = dict(pad_size_divisor=32)')
    with pytest.raises(ConvcutError, match='pad_size_divisor'):
        export(backend, tmp_path / 'model.onnx', 'onnx')


@pytest.mark.parametrize(
    'name,format,message',
    [('m.xml', 'onnx', 'ends in .onnx'), ('m', 'openvino', 'ends in .xml'), ('m', 'x', 'format')],
)
def test_names_and_formats(name, format, message, source, tmp_path):
    with pytest.raises(ConvcutError, match=message):
        export(source(), tmp_path / name, format)


def test_a_file_beside_it_that_is_no_export_stays(source, tmp_path):
    (tmp_path / 'm.bin').write_text('mine')
    with pytest.raises(ConvcutError, match='m.bin: exists without m.xml; choose another'):
        export(source(), tmp_path / 'm.xml', 'openvino')
    assert (tmp_path / 'm.bin').read_text() == 'mine'


@pytest.fixture(scope='module')
def eight_bits(source, tmp_path_factory) -> tuple:
    """(backend in PyTorch, what export returned) with matrix products in 8-bit integers."""
    pytest.importorskip('onnxruntime')
    file = tmp_path_factory.mktemp('int8') / 'model.onnx'
    return source(), export(source(), file, 'onnx', calibration=sample_faces(64, 200, seed=1))


def test_eight_bit_integers(eight_bits, exported_model):
    import onnx

    torch_backend, result = eight_bits
    (file,) = result.files
    assert file.stat().st_size < exported_model('onnx')[1].files[0].stat().st_size
    kinds = {tensor.data_type for tensor in onnx.load(file).graph.initializer}
    assert onnx.TensorProto.INT8 in kinds
    # half of the faces gave the ranges, the other half was compared
    assert result.int8.faces == 100 and 0 < result.int8.difference < 0.2
    backend = OnnxRuntimeBackend(file)
    assert list(backend.classes) == CLASSES and backend.size == 64  # metadata survive
    faces = sample_faces(64, 12, seed=5)
    got, expected = backend(faces), torch_backend(faces)
    assert 1e-6 < np.abs(got - expected).max() < 0.2
    assert np.abs(got - backend(faces)).max() == 0


def test_eight_bits_that_change_answers_are_refused(source, tmp_path):
    pytest.importorskip('onnxruntime')
    honest = source()

    class Other(TorchBackend):
        """A backend with other labels for the compared faces, like a poor conversion."""

        def __call__(self, faces):
            scores = super().__call__(faces)
            return scores[:, ::-1] if len(faces) == 50 else scores

    other = Other(honest.classifier)
    file = tmp_path / 'model.onnx'
    with pytest.raises(
        ConvcutError, match=r'8-bit integers change the predicted label of \d+ of 50'
    ):
        export(other, file, 'onnx', calibration=sample_faces(64, 100, seed=1))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('format,count', [('openvino', 8), ('onnx', 1)])
def test_eight_bits_need_onnx_and_faces(format, count, source, tmp_path):
    file = tmp_path / f'm{FORMATS[format].suffix}'
    with pytest.raises(ConvcutError, match='need the format onnx and at least two faces'):
        export(source(), file, format, calibration=np.zeros((count, 64, 64, 3), np.uint8))
