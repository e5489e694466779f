"""tools/deployment/export.py as a command, and its file in tools/infer.py."""

import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip('onnxscript')
TOOL = 'tools/deployment/export.py'


@pytest.fixture
def run(run_here, capsys):
    """Run the tool; return exit status, stdout and its one line of error."""

    def call(*args) -> tuple:
        capsys.readouterr()
        status = run_here(TOOL, *args)
        printed = capsys.readouterr()
        lines = [line for line in printed.err.splitlines() if line.startswith('error: ')]
        return status, printed.out, lines

    return call


def test_export_then_infer(run, run_here, tiny_model, tmp_path):
    pytest.importorskip('onnxruntime')
    file = tmp_path / 'new' / 'model.onnx'
    config, checkpoint = tiny_model()
    status, printed, _ = run(config, checkpoint, '--format', 'onnx', '--out', file)
    assert status == 0
    line = re.search(r'largest difference from PyTorch on 32 pictures: (\S+) \(toler', printed)
    assert float(line[1]) < 1e-4
    assert 'input: uint8 faces (N, 64, 64, 3), red' in printed and 'surprise, fear' in printed
    assert list(file.parent.iterdir()) == [file]  # no temporary file is left
    draw = np.random.default_rng(3)
    Image.fromarray(draw.integers(0, 256, (64, 64, 3), np.uint8)).save(tmp_path / 'face.png')
    found = {}
    for name, options in (
        ('torch', ['--model', config, '--checkpoint', checkpoint]),
        ('file', ['--backend', 'onnxruntime', '--model', file]),
    ):
        face = [tmp_path / 'face.png', '--detector', 'none', '--no-pictures']
        out = tmp_path / name
        assert run_here('tools/infer.py', *face, '--out', out, *options) == 0
        (answer,) = map(json.loads, (out / 'predictions.jsonl').read_text().splitlines())
        found[name] = answer['faces'][0]
    assert found['file']['expression'] == found['torch']['expression']
    assert found['file']['probabilities'] == pytest.approx(
        found['torch']['probabilities'], abs=1e-4
    )


def test_openvino_with_cfg_options(run, tiny_model, tmp_path):
    """Without the attention the same weights give other probabilities, as in PyTorch."""
    pytest.importorskip('openvino')
    from convcut_mm.apis import ExpressionInferencer
    from convcut_mm.apis.backends import OpenVinoBackend

    config, checkpoint = tiny_model()
    out = tmp_path / 'model.xml'
    options = ['--cfg-options', 'model.head.attention=None']
    status, printed, _ = run(config, checkpoint, '--format', 'openvino', '--out', out, *options)
    assert status == 0 and printed.count(' MB\n') == 2
    assert {path.name for path in tmp_path.iterdir()} == {'model.xml', 'model.bin'}
    faces = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    got = OpenVinoBackend(out)(faces)
    for attention, apart in (('spatial', True), (None, False)):
        network = tiny_model(attention)[0], checkpoint  # attention has no weights of its own
        expected = ExpressionInferencer(*network, detector='none').classify(faces)
        assert (np.abs(got - expected).max() > 1e-3) == apart


def test_int8_with_a_folder_of_faces(run, tiny_model, tmp_path):
    pytest.importorskip('onnxruntime')
    config, checkpoint = tiny_model()
    faces = config.parent / 'faces' / 'basic' / 'Image' / 'aligned'
    file = tmp_path / 'model.onnx'
    status, printed, lines = run(
        config, checkpoint, '--format', 'onnx', '--out', file, '--int8', faces
    )
    assert status == 0, lines
    assert re.search(r'8-bit integers: on 56 of the faces probabilities differ by up to', printed)
    missing = ('--format', 'onnx', '--out', file, '--int8', tmp_path / 'none')
    status, _, lines = run(config, checkpoint, *missing)
    assert status == 1 and 'none: no' in lines[0]


def test_refusals_leave_no_file(run, tiny_model, tmp_path):
    config, checkpoint = tiny_model()

    def diverged(file, value):
        weights = torch.load(file, weights_only=True)['state_dict']
        next(iter(weights.values())).view(-1)[0] = value
        torch.save(dict(state_dict=weights), tmp_path / f'{value}.pth')
        return tmp_path / f'{value}.pth'

    batch = tiny_model('batch')
    other = tiny_model(extra='model = dict(neck=dict(norm_position="before"))')
    out = ('--format', 'onnx', '--out', tmp_path / 'model.onnx')
    for args, said in (
        ((*batch, *out), 'head (SelfAttentionClsHead) looks at the other images of the batch'),
        ((config, checkpoint, *out, '--tolerance', '-1'), 'tolerance -1: expected 0 or more'),
        ((config, checkpoint, *out, '--tolerance', 'nan'), 'tolerance nan: expected 0 or more'),
        ((config, diverged(checkpoint, float('nan')), *out), 'the weights hold NaN or infinite'),
        ((config, diverged(checkpoint, float('inf')), *out), 'the weights hold NaN or infinite'),
        ((config, other[1], *out), 'another architecture than'),
        ((config, tmp_path / 'no.pth', *out), 'no.pth: no such checkpoint file'),
        ((tmp_path / 'no.py', checkpoint, *out), 'no.py: no such config file'),
        ((config, *out), 'give the checkpoint too'),
        ((config, checkpoint, '--format', 'onnx', '--out', tmp_path / 'm.xml'), 'ends in .onnx'),
    ):
        status, _, lines = run(*args)
        assert status == 1 and len(lines) == 1 and said in lines[0], lines
    assert not list(tmp_path.glob('m*'))


def test_program_in_the_docs(page_blocks, run_command, exported_model, tmp_path):
    """Run the Python of docs/deployment.md that uses only onnxruntime."""
    backend, result = exported_model('onnx')
    (tmp_path / 'model.onnx').write_bytes(result.files[0].read_bytes())
    blocks = page_blocks('docs/deployment.md', 'test_tools/test_export.py')
    (program,) = (block.text for block in blocks if block.language == 'python')
    assert '(1, 48, 48, 3)' in program
    (tmp_path / 'program.py').write_text(program.replace('48, 48', '64, 64'))
    printed = run_command('python', tmp_path / 'program.py', cwd=tmp_path).stdout.strip()
    black = np.zeros((1, 64, 64, 3), np.uint8)
    assert printed == backend.classes[backend(black).argmax()]
