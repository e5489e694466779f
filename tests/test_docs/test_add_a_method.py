"""docs/add_a_method.md, line by line: a stranger's package, and a backbone of mmpretrain's."""

import importlib
import os
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpretrain import get_model, list_models
from mmpretrain.registry import MODELS
from page_parts.models import Models

from convcut_mm import ExpressionInferencer, zoo
from convcut_mm.models.utils import classifier_layer, grad_cam_layer
from convcut_mm.utils.config import read_config

PAGE, MARK = 'docs/add_a_method.md', 'test_docs/test_add_a_method.py'
# what pip writes for pip install -e: a test has no network, and there is nothing to build
METADATA = 'Metadata-Version: 2.1\nName: toy_fer\nVersion: 0.1\n'
CROWD = 'head (CrowdHead) looks at the other images of the batch'


@pytest.fixture(scope='module')
def blocks(page_blocks) -> dict[str, str]:
    """The page's blocks by the path in the comment that each opens with; 'bash': the commands."""
    found = {}
    for _, language, text in page_blocks(PAGE, MARK):
        first = text.splitlines()[0].removeprefix('# ')
        found['bash' if language == 'bash' else first] = text
    return found


@pytest.fixture(scope='module')
def place(tmp_path_factory, blocks, root) -> Path:
    """A folder with the page's files and the clone's tools and configs; its package installed."""
    folder = tmp_path_factory.mktemp('toy')
    for name, text in blocks.items():
        if name != 'bash':
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    (folder / 'toy_fer' / 'toy' / 'README.md').write_text('# Toy\n')
    group, name, value = re.search(
        r'entry-points\."(.+)"\]\n(\w+) = "(.+)"', blocks['pyproject.toml']
    ).groups()
    installed = folder / 'toy_fer-0.1.dist-info'
    installed.mkdir()
    (installed / 'METADATA').write_text(METADATA)
    (installed / 'entry_points.txt').write_text(f'[{group}]\n{name} = {value}\n')
    for name in ('tools', 'configs'):
        (folder / name).symlink_to(root / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv('PYTHONPATH', f'{folder}{os.pathsep}{root}')  # for what ablate.py starts
        patch.chdir(folder)
        importlib.invalidate_caches()
        yield folder
    zoo.forget('toy_faces')


@pytest.fixture(scope='module')
def run(place, blocks, run_here):
    """Runs the page's command of a tool as it stands there; gives its exit status."""
    lines = [line.split(' #')[0].split() for line in blocks['bash'].splitlines()]
    commands = {Path(words[1]).stem: words[1:] for words in lines}
    assert list(commands) == [
        *('train', 'test', 'batch_audit', 'publish_model', 'export', 'vis_cam', 'ablate', 'app')
    ]
    return lambda tool: run_here(*commands[tool])


@pytest.fixture(scope='module')
def trained(place, run) -> Path:
    """The package after train.py and publish_model.py."""
    assert zoo.load_methods() == ['toy_fer']
    assert zoo.load_methods() == ['toy_fer']  # twice does no harm
    assert run('train') == 0 and run('publish_model') == 0
    return place


def test_it_is_tested_image_by_image_and_says_why(trained, run, capsys):
    assert run('test') == 0
    out = capsys.readouterr().out
    assert CROWD in out and 'each image was tested alone' in out


def test_the_audit_finds_the_batch(trained, run, capsys):
    assert run('batch_audit') == 3
    assert 'DEPENDS ON THE BATCH' in capsys.readouterr().out


def test_export_is_refused_with_the_reason(trained, run, capsys):
    assert run('export') == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith(f'error: {CROWD}')


def test_grad_cam_explains_the_layer_that_the_backbone_names(trained, run, capsys):
    assert run('vis_cam') == 0
    picture, _ = capsys.readouterr().out.split()
    assert (trained / picture).is_file()
    model = get_model('toy_faces')
    assert grad_cam_layer(model, torch.zeros(1, 3, 48, 48)) == 'backbone.layers.3'
    assert classifier_layer(model) == 'head.fc'


def test_the_zoo_and_the_page_list_it(trained):
    assert 'toy_faces' in list_models() and 'toy_faces' in zoo.models()
    models = Models(device='cpu', detector='none')
    assert 'toy_faces' in models.names and len(models.names) > 1
    assert len(models.load('toy_faces').classes) == 7


def test_faces_are_judged_one_by_one_and_without_colour(trained):
    inferencer = ExpressionInferencer('toy_faces', device='cpu', detector='none')
    colours = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)
    grey = [cv2.cvtColor(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
            for one in colours]  # fmt: skip
    together = inferencer.classify(colours)
    assert (together == inferencer.classify(grey)).all()
    assert (together == np.concatenate([inferencer.classify(one) for one in colours])).all()


def test_ablate_runs_it_in_processes_of_its_own(trained, run, capsys):
    assert run('ablate') == 0, capsys.readouterr().err
    table = capsys.readouterr().out
    assert 'with the crowd' in table and 'tested on: GreyFaces, test, grey' in table


def test_a_backbone_of_mmpretrain_s(place):
    config = read_config('experiments/resnet18_ferplus.py')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(dict(config.model, data_preprocessor=config.data_preprocessor))
    model.init_weights()
    logits = model(torch.rand(2, 3, 48, 48))
    assert logits.shape == (2, 8)
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
