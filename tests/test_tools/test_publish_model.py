"""tools/model_converters/publish_model.py: safetensors in half precision, same predictions."""

import hashlib
import json
import re

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from convcut_mm.datasets import RAFDB

TOOL = 'tools/model_converters/publish_model.py'
KERAS = 'convcut_to_mmpretrain'


def test_only_halved_weights_stay(tiny_model, run_here, capsys, tmp_path):
    from convcut_mm.apis import ExpressionInferencer

    config, checkpoint = tiny_model()
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    whole = tmp_path / 'epoch_9.pth'
    torch.save(
        dict(
            state_dict={f'module.{key}': value for key, value in weights.items()},
            optimizer=dict(state=torch.zeros(10**6)),
            meta=dict(cfg='work_dir = "/home/somebody"'),
        ),
        whole,
    )
    out = tmp_path / 'new' / 'small.safetensors'
    assert run_here(TOOL, config, whole, out) == 0
    printed = capsys.readouterr().out
    assert re.search(r'SHA-256 (\w+)', printed)[1] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert out.stat().st_size < 200_000 and b'somebody' not in out.read_bytes()
    with safe_open(out, 'pt') as file:
        about = json.loads(file.metadata()['convcut_mm'])
    assert about['classes'] == list(RAFDB.METAINFO['classes']) and about['model'] == config.stem
    published = load_file(out)
    assert set(published) == set(weights)
    for key, value in published.items():
        assert value.dtype == torch.float16 and torch.equal(value, weights[key].half())
    faces = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), np.uint8)
    full, small = (
        ExpressionInferencer(config, file, device='cpu', detector='none').classify(faces)
        for file in (checkpoint, out)
    )
    assert 0 < np.abs(full - small).max() < 0.02


def test_the_name_says_what_it_is(tiny_model, run_here, capsys, tmp_path):
    assert run_here(TOOL, *tiny_model(), tmp_path / 'out.pth') == 1
    assert 'out.pth: expected a name that ends in .safetensors' in capsys.readouterr().err


def test_what_is_read_is_not_written(tiny_model, run_here, capsys, tmp_path):
    mine = tmp_path / 'mine.safetensors'
    mine.write_bytes(b'weights')
    (tmp_path / 'link.safetensors').symlink_to(mine)
    for tool, config in ((TOOL, [tiny_model()[0]]), (TOOL.replace('publish_model', KERAS), [])):
        assert run_here(tool, *config, mine, tmp_path / 'link.safetensors') == 1
        assert 'link.safetensors: is an input and would be' in capsys.readouterr().err
    assert mine.read_bytes() == b'weights'


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(extra=torch.zeros(1)), 'another architecture'),
        ({'head.fc.bias': torch.full((7,), 1e6)}, '"head.fc.bias" holds NaN or numbers above'),
        ({'head.fc.bias': torch.full((7,), torch.nan)}, '"head.fc.bias" holds NaN'),
    ],
)
def test_what_cannot_be_published(change, message, tiny_model, run_here, capsys, tmp_path):
    config, checkpoint = tiny_model()
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    torch.save(dict(state_dict={**weights, **change}), tmp_path / 'other.pth')
    assert run_here(TOOL, config, tmp_path / 'other.pth', tmp_path / 'out.safetensors') == 1
    assert message in capsys.readouterr().err and not (tmp_path / 'out.safetensors').exists()
