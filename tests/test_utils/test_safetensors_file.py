"""Weights as safetensors are read like any checkpoint, and checked."""

import json
import struct

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader
from mmpretrain import get_model
from mmpretrain.registry import MODELS
from safetensors.torch import save_file

from convcut_mm import ConvcutError, ExpressionInferencer
from convcut_mm.utils.checkpoint import load_from_local
from convcut_mm.utils.safetensors_file import read_safetensors, to_safetensors

WEIGHTS = {'head.fc.weight': torch.arange(8.0).reshape(2, 4).half(), 'n': torch.tensor(3)}


def test_written_and_read(tmp_path):
    path = tmp_path / 'w.safetensors'
    path.write_bytes(to_safetensors(WEIGHTS, ('sad', 'glad'), 'a-model'))
    loaded = CheckpointLoader.load_checkpoint(str(path), 'cpu')
    assert loaded['meta'] == dict(dataset_meta=dict(classes=('sad', 'glad')))
    assert loaded['state_dict'].keys() == WEIGHTS.keys()
    for key, tensor in WEIGHTS.items():
        assert torch.equal(loaded['state_dict'][key], tensor)
        assert loaded['state_dict'][key].dtype == tensor.dtype
    # by its content, too
    other = path.rename(tmp_path / 'w.pth')
    assert load_from_local(str(other))['meta'] == loaded['meta']


def test_of_another_program(tmp_path):
    save_file(WEIGHTS, tmp_path / 'w.safetensors', {'format': 'pt', 'note': 'not ours {'})
    loaded = read_safetensors(tmp_path / 'w.safetensors')
    assert loaded['meta'] == {} and set(loaded['state_dict']) == set(WEIGHTS)


def raw(header, content: bytes = bytes(16)) -> bytes:
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack('<Q', len(header)) + header + content


def tensor(start=0, end=16, shape=(4,), kind='F32') -> dict:
    return dict(dtype=kind, shape=list(shape), data_offsets=[start, end])


@pytest.mark.parametrize(
    'content',
    [
        *(b'', b'{', bytes(8), raw(b'{'), raw(b'[]'), raw(b'\xff\xfe{}')),
        struct.pack('<Q', 2**31) + b'{',
        struct.pack('<Q', 2**63) + b'{',
        to_safetensors(WEIGHTS, None, 'a')[:-3],
        to_safetensors(WEIGHTS, None, 'a')[:60],
        raw(dict(a=tensor(), b=tensor())),  # both at one place
        raw(dict(a=tensor(0, 8, (2,)), b=tensor(4, 16, (3,)))),
        raw(dict(a=tensor(0, 2**40, (2**38,)))),
        raw(dict(a=tensor(shape=(2**33, 2**33)))),
        raw(dict(a=tensor(shape=(-4,)))),
        raw(dict(a=tensor(16, 0))),
        raw(dict(a=tensor(kind='O'))),
        raw(dict(a=tensor(), __metadata__=dict(a=1))),
        raw(b'[' * 10**5),
    ],
    ids=lambda content: f'{len(content)} bytes',  # safetensors orders its metadata at random
)
def test_damaged_and_hostile_files(content, tmp_path):
    path = tmp_path / 'w.safetensors'
    path.write_bytes(content)
    with pytest.raises(ConvcutError) as error:
        load_from_local(str(path))
    assert str(error.value).startswith(f'{path}: not a whole safetensors file')
    assert '\n' not in str(error.value) and len(str(error.value)) < 500


@pytest.mark.parametrize(
    'about, message',
    [
        ('not JSON', 'is not JSON'),
        ('[' * 10**5, 'is not JSON'),
        ('[]', 'has to hold "classes"'),
        ('{"classes": ["a", "b"], "run": "rm"}', 'has to hold "classes"'),
        ('{"classes": "ab"}', 'no list of different short names'),
        ('{"classes": []}', 'no list of different short names'),
        ('{"classes": ["a", 2]}', 'no list of different short names'),
        ('{"classes": ["a", "a"]}', 'no list of different short names'),
        (json.dumps(dict(classes=['a', '\x1b[2J'])), 'no list of different short names'),
        (json.dumps(dict(classes=['a', 'b' * 999])), 'no list of different short names'),
        ('{"classes": ["a", "b", "c"]}', 'names 3 classes, but no weights have as many rows'),
        ('{"model": 3}', 'holds a "model" that is no short text'),
    ],
)
def test_metadata_that_are_not_ours(about, message, tmp_path):
    path = tmp_path / 'w.safetensors'
    save_file(WEIGHTS, path, {'convcut_mm': about})
    with pytest.raises(ConvcutError) as error:
        load_from_local(str(path))
    assert str(error.value).startswith(f'{path}: "convcut_mm" in its metadata')
    assert message in str(error.value) and '\n' not in str(error.value)


def test_invalid_metadata_are_not_written():
    with pytest.raises(ConvcutError, match='names 3 classes, but no weights have as many rows'):
        to_safetensors(WEIGHTS, ('a', 'b', 'c'), 'a')


def test_every_tool_reads_them(tiny_model, run_here, tmp_path, capsys):
    """As weights of a model, of a backbone, to start from and to test; not to resume from."""
    config, checkpoint = tiny_model()
    weights, out = tmp_path / 'w.safetensors', tmp_path / 'out'
    publish = 'tools/model_converters/publish_model.py'
    assert run_here(publish, config, checkpoint, weights) == 0
    expected = torch.load(checkpoint, weights_only=True)['state_dict']
    inferencer = ExpressionInferencer(config, weights, detector='none')
    for model in (get_model(str(config), pretrained=str(weights)), inferencer.model):
        for key, value in model.state_dict().items():
            assert torch.equal(value, expected[key].half().to(value.dtype)), key
    backbone = Config.fromfile(config).model.backbone
    backbone.init_cfg = dict(type='Pretrained', checkpoint=str(weights), prefix='backbone.')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        part = MODELS.build(backbone)
    part.init_weights()
    for key, value in part.state_dict().items():
        assert torch.equal(value, expected[f'backbone.{key}'].half().to(value.dtype)), key
    begin = ('train_cfg.max_epochs=1', 'train_dataloader.batch_size=84')
    train = ('tools/train.py', config, '--no-validate', '--work-dir')
    assert run_here(*train, out / 'a', '--pretrained', weights, '--cfg-options', *begin) == 0
    assert run_here('tools/test.py', config, weights, '--work-dir', out / 'c') == 0
    capsys.readouterr()
    assert run_here(*train, out / 'd', '--resume', weights) == 1
    assert 'w.safetensors: holds weights only, so no training' in capsys.readouterr().err
