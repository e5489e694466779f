"""Invalid numbers and devices are refused in one line, wherever they are given."""

import numpy as np
import pytest
import torch

from convcut_mm.apis import ExpressionInferencer
from convcut_mm.apis.inputs.options import InputOptions
from convcut_mm.apis.load_classifier import load_classifier
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.checks import at_least, compute_device


@pytest.mark.parametrize('value', [0, -1, 1.5, '8', None, True, float('nan')])
def test_invalid_numbers(value):
    with pytest.raises(ConvcutError, match='batch_size=.*: expected a whole number, 1 or more'):
        at_least('batch_size', value)
    assert at_least('batch_size', np.int64(3)) == 3 and at_least('workers', 0, 0) == 0


DEVICES = {
    'gpu': 'device "gpu": unknown; expected "cpu"',
    '': 'device "": unknown',
    'cpu:x': 'device "cpu:x": unknown',
    'meta': 'device "meta": PyTorch cannot compute on it here',
    'xla': 'device "xla": PyTorch cannot compute on it here',
    'cuda:99': 'device "cuda:99": (PyTorch finds no GPU here|there is no such GPU, the last one)',
    0: 'device "0": expected a name such as "cpu"',
}
if not torch.cuda.is_available():
    DEVICES['cuda'] = 'device "cuda": PyTorch finds no GPU here; use "cpu"'


@pytest.mark.parametrize('device', DEVICES)
def test_invalid_devices(device):
    with pytest.raises(ConvcutError, match=DEVICES[device]) as found:
        compute_device(device)
    assert '\n' not in str(found.value)


def test_valid_devices():
    assert compute_device('cpu') == compute_device(torch.device('cpu')) == torch.device('cpu')
    assert compute_device(None).type in ('cpu', 'cuda')


def test_models_check_before_they_load(tiny_model, exported_model):
    config, checkpoint = tiny_model()
    for load in (
        lambda: ExpressionInferencer(config, checkpoint, device='gpu'),
        lambda: load_classifier(config, checkpoint, device='gpu'),
    ):
        with pytest.raises(ConvcutError, match='device "gpu": unknown'):
            load()
    file = exported_model('onnx')[1].files[0]
    with pytest.raises(ConvcutError, match='device "gpu": unknown'):
        ExpressionInferencer(file, backend='onnxruntime', detector='none', device='gpu')


def test_inferencer_counts(tiny_model, tmp_path):
    inferencer = ExpressionInferencer(*tiny_model(), device='cpu', detector='none')
    image = np.zeros((20, 20, 3), np.uint8)
    for batch_size in (0, -1, 2.0):
        with pytest.raises(ConvcutError, match='batch_size='):
            inferencer(image, batch_size, show_dir=tmp_path / 'out')
        with pytest.raises(ConvcutError, match='batch_size='):
            next(inferencer.stream('a.mp4', batch_size))
    assert not (tmp_path / 'out').exists()
    with pytest.raises(ConvcutError, match='every=0'):
        inferencer.results([], InputOptions(every=0))
    with pytest.raises(ConvcutError, match='seconds=nan: expected more than 0'):
        inferencer.results([], InputOptions(seconds=float('nan')))


WRONG = {
    (
        'tools/infer.py',
        'a.jpg',
        '--out',
        'o',
        '--batch-size',
        '0',
    ): 'argument --batch-size: 0: exp',
    (
        'tools/infer.py',
        'a.jpg',
        '--out',
        'o',
        '--batch-size',
        'x',
    ): 'argument --batch-size: x: exp',
    ('tools/infer.py', 'a.jpg', '--out', 'o', '--backend', 'onx'): "invalid choice: 'onx'",
    ('tools/test.py', 'CONFIG', 'CHECKPOINT', '--cfg-options', 'a'): 'a: expected KEY=VALUE',
    ('tools/train.py', 'CONFIG', '--cfg-options', 'train_dataloader.batch_size=0'): 'batch_size=0',
    ('tools/train.py', 'CONFIG', '--cfg-options', 'val_dataloader.batch_size=-1'): 'batch_size=-1',
    ('tools/test.py', 'CONFIG', 'CHECKPOINT', '--cfg-options', 'test_dataloader.batch_size=0'): (
        'test_dataloader.batch_size=0: expected a whole number, 1 or more'
    ),
    ('tools/analysis_tools/confusion_matrix.py', 'CONFIG', 'CHECKPOINT', '--device', 'gpu'): (
        'device "gpu": unknown'
    ),
    ('tools/visualization/vis_cam.py', '--model', 'a', 'CONFIG', 'CHECKPOINT', '--seed', '-1'): (
        'argument --seed: -1: expected a whole number, 0 or more'
    ),
    ('tools/deployment/export.py', 'CONFIG', 'CHECKPOINT', '--format', 'tflite'): 'invalid choice',
}


@pytest.mark.parametrize('words', WRONG)
def test_tools_report_in_one_line(words, tiny_model, run_here, capsys, tmp_path, monkeypatch):
    files = dict(zip(('CONFIG', 'CHECKPOINT'), tiny_model()))
    monkeypatch.chdir(tmp_path)
    assert run_here(*(files.get(word, word) for word in words)) in (1, 2)
    printed = capsys.readouterr()
    assert printed.out == '' and WRONG[words] in printed.err
    assert printed.err.startswith('error: ') and printed.err.count('\n') == 1
    assert not list(tmp_path.iterdir())
