"""The weights in the package: content of the file, and figures of the model card."""

import json
import re
from pathlib import Path

import pytest
import torch
from page_parts.photo import classify_photo
from safetensors import safe_open
from safetensors.torch import load_file

from convcut_mm import ExpressionInferencer
from convcut_mm.datasets import FERPlus
from convcut_mm.zoo import weights

NAME = 'convcut-atto_ferplus'


def test_the_file_holds_halves_and_nothing_else():
    file = Path(weights(NAME))
    assert file.stat().st_size < 10_000_000
    assert file.suffix == '.safetensors'
    with safe_open(file, 'pt') as content:
        assert set(content.metadata()) == {'format', 'convcut_mm'}
        about = json.loads(content.metadata()['convcut_mm'])
    assert about['classes'] == list(FERPlus.METAINFO['classes']) and about['model'] == NAME
    tensors = load_file(file)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    assert sum(tensor.numel() for tensor in tensors.values()) <= 4_000_000


def test_a_photo_without_any_option(root):
    pytest.importorskip('skimage')
    (answer,) = ExpressionInferencer()(str(root / 'docs' / 'images' / 'astronaut.jpg'))
    (face,) = answer['faces']
    assert face['expression'] == 'happiness' and face['score'] > 0.5


def test_a_heat_map_of_a_photo(root):
    pytest.importorskip('skimage')
    photo = str(root / 'docs' / 'images' / 'astronaut.jpg')
    (face,) = classify_photo(ExpressionInferencer(), photo, with_heat=True).faces
    assert not face.heat_is_empty


def test_the_card_s_figures_are_those_of_test_py(root, real_ferplus, run_here, tmp_path):
    data = real_ferplus('FER2013Valid')
    loader = 'test_dataloader'
    status = run_here(
        *('tools/test.py', root / 'configs' / 'convcut' / f'{NAME}.py', weights(NAME)),
        *('--work-dir', tmp_path, '--out', tmp_path / 'metrics.json', '--out-item', 'metrics'),
        *('--cfg-options', f'{loader}.dataset.data_root={data}'),
        *(f'{loader}.num_workers=0', f'{loader}.persistent_workers=False'),
    )
    assert status == 0
    metrics = json.loads((tmp_path / 'metrics.json').read_text())
    card = (root / 'docs' / 'model_card.md').read_text()
    for title, key in (
        ('overall accuracy', 'accuracy/top1'),
        ('mean class accuracy', 'single-label/recall'),
    ):
        (figure,) = re.findall(rf'^\| {title} \| ([\d.]+) \(', card, re.MULTILINE)
        # another processor may round an image to the other side
        assert metrics[key] == pytest.approx(float(figure), abs=0.3), title
