"""tools/visualization as commands on a tiny model, with bad input; mmpretrain's own two tools."""

import pickle
import re
from pathlib import Path
from xml.etree import ElementTree

import mmpretrain
import numpy as np
import pytest
import torch
from PIL import Image

MIM_TOOLS = Path(mmpretrain.__file__).parent / '.mim' / 'tools' / 'visualization'
CLASSES = ['surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral']


def path_of(tool: str) -> str:
    folder = 'visualization' if tool.startswith('vis_') else 'analysis_tools'
    return f'tools/{folder}/{tool}.py'


@pytest.fixture
def plot(run_here, capsys, tmp_path):
    """Run a tool; return what it prints, notes included, and the texts of its SVG in order."""

    def run(tool: str, *args) -> tuple:
        capsys.readouterr()
        out = tmp_path / 'picture'
        status = run_here(path_of(tool), *args, '--out', out)
        printed = capsys.readouterr()
        assert status == 0, printed.err
        files = [Path(f'{out}.png'), Path(f'{out}.svg')]
        assert printed.out.splitlines()[-2:] == list(map(str, files))
        assert sorted(tmp_path.glob('picture*')) == files
        assert np.asarray(Image.open(files[0]).convert('L')).std() > 5  # not one colour
        nodes = ElementTree.parse(files[1]).iter('{http://www.w3.org/2000/svg}text')
        return ''.join(printed), [''.join(node.itertext()) for node in nodes]

    return run


@pytest.fixture
def refuse(run_here, capsys, tmp_path):
    """Run a tool that has to refuse; return its one line."""

    def run(tool: str, *args) -> str:
        capsys.readouterr()
        out = tmp_path / 'picture'
        assert run_here(path_of(tool), *args, '--out', out) == 1
        lines = [line for line in capsys.readouterr().err.splitlines() if 'error: ' in line]
        assert len(lines) == 1 and not list(tmp_path.glob('picture*'))
        return lines[0]

    return run


def test_class_distribution(plot, tiny_model):
    config, _ = tiny_model()
    printed, texts = plot('class_distribution', config, config, '--names', 'one', 'other')
    assert 'one, train: 84 images: surprise 12, fear 12' in printed
    assert [text for text in texts if text in CLASSES] == CLASSES * 2
    assert texts.count('12  (14.3 %)') == 14 and texts.count('4  (14.3 %)') == 14
    assert {'one', 'other', 'train: 84 images', 'test: 28 images'} <= set(texts)


def test_confusion_matrix_of_a_checkpoint_and_of_its_predictions(
    plot, tiny_model, run_here, tmp_path
):
    config, checkpoint = tiny_model()
    _, tested = plot('confusion_matrix', config, checkpoint)
    file = tmp_path / 'p.pkl'
    arguments = (config, checkpoint, '--out', file, '--work-dir', tmp_path / 'work')
    assert run_here('tools/test.py', *arguments) == 0
    _, read = plot('confusion_matrix', config, file)
    assert tested == read
    results = pickle.loads(file.read_bytes())
    right = np.mean([r['gt_label'].item() == r['pred_label'].item() for r in results])
    assert any(f'overall accuracy {100 * right:.2f} %' in text for text in read)
    rows = sum(map(int, re.findall(r'\((\d+)\)', ' '.join(read))))
    assert rows == 28
    assert [text for text in read if text in CLASSES] == CLASSES * 2


def test_confusion_matrix_takes_batch_attention_image_by_image(plot, tiny_model):
    config, checkpoint = tiny_model('batch')
    printed, texts = plot('confusion_matrix', config, checkpoint)
    # with a batch of one the attention is the identity, as if there were none
    plain, _ = tiny_model(None)
    assert 'batches of one' in printed and plot('confusion_matrix', plain, checkpoint)[1] == texts


def test_tsne_of_three_models(plot, tiny_model):
    models = [
        argument
        for name, seed in (('baseline', 0), ('truncated', 1), ('Conv-cut', 2))
        for argument in ('--model', name, *tiny_model('spatial', seed))
    ]
    options = ['--per-class', 3, '--iterations', 250]
    stages = ['--stage', 'backbone', 'neck', 'pre_logits']
    printed, texts = plot('vis_tsne', *models, *options, *stages)
    assert {'baseline', 'truncated', 'Conv-cut'} <= set(texts)
    assert [text for text in texts if text in CLASSES] == CLASSES
    for model, stage in zip(('baseline', 'truncated', 'Conv-cut'), stages[1:]):
        accuracy = re.search(rf'{model}, {stage}: 10-neighbour accuracy ([\d.]+ %)', printed)[1]
        assert any(f'10-neighbour accuracy {accuracy}' in text for text in texts)
    assert printed.count(', 21 images') == 3


def test_grad_cam_of_two_models(plot, tiny_model):
    models = [
        argument
        for name, attention in (('baseline', None), ('Conv-cut', 'channel'))
        for argument in ('--model', name, *tiny_model(attention))
    ]
    layers = ['--target-layer', 'backbone.stages.1', 'backbone.stages.2']
    _, texts = plot('vis_cam', *models, *layers, '--target', 'true', '--seed', 3)
    assert [text for text in texts if text in CLASSES][:7] == CLASSES
    assert {'image', 'baseline', 'Conv-cut'} <= set(texts)
    assert 'Grad-CAM: evidence for the true class' in texts
    assert len([text for text in texts if re.fullmatch(r'\d+ %', text)]) == 14


def test_grad_cam_of_a_file(plot, tiny_model, tmp_path):
    Image.new('RGB', (80, 80), (90, 60, 30)).save(tmp_path / 'own.png')
    _, texts = plot('vis_cam', '--model', 'm', *tiny_model(), '--images', tmp_path / 'own.png')
    assert 'own.png' in texts and not any('✗' in text for text in texts)


@pytest.mark.parametrize(
    'attention,said,plotted',
    [
        ('spatial', '', 'each of 2 x 2 positions'),
        ('channel', 'channels attend, not positions', '16 channels, strongest first'),
        ('batch', 'in a class-ordered batch of 28 an image attends', 'batch of 28 test images'),
    ],
)
def test_attention(attention, said, plotted, plot, tiny_model):
    printed, texts = plot('vis_attention', *tiny_model(attention))
    assert said in printed and any(plotted in text for text in texts)
    assert [text for text in texts if text in CLASSES][:7] == CLASSES


def test_one_line_for_bad_input(refuse, tiny_model, tmp_path):
    config, checkpoint = tiny_model()
    other = (
        '--model',
        'other',
        *tiny_model(extra='model = dict(neck=dict(num_layers=2, kernel_sizes=(2, 2)))'),
    )
    model = ('--model', 'm', config, checkpoint)
    broken = tmp_path / 'broken.pth'
    broken.write_bytes(checkpoint.read_bytes()[:3000])
    for line, named in (
        (refuse('vis_attention', *tiny_model(None)), 'no self-attention'),
        (
            refuse('vis_attention', config, broken),
            'broken.pth: not a whole checkpoint',
        ),
        (refuse('vis_attention', config, other[3]), 'another architecture than'),
        (refuse('vis_cam', *model, '--target-layer', 'backbone.x'), 'no such layer'),
        (
            refuse('vis_cam', *model, '--target-layer', 'a', 'b'),
            '2 values for 1 models',
        ),
        (refuse('vis_cam', *model * 5), '5 models, at most 4'),
        (
            refuse('vis_tsne', *model, '--iterations', 20),
            '--iterations 20: expected at least 250',
        ),
        (
            refuse('vis_tsne', *model, '--perplexity', 0),
            '--perplexity 0: expected at least 1',
        ),
        (
            refuse('class_distribution', config, '--names', 'a', 'b'),
            '2 names for 1 configs',
        ),
        (refuse('confusion_matrix', config, tmp_path / 'no.pkl'), 'no.pkl'),
    ):
        assert named in line


def test_models_of_other_classes_are_not_compared(refuse, tiny_model, tmp_path):
    config, checkpoint = tiny_model()
    saved = torch.load(checkpoint, weights_only=True)
    named = tmp_path / 'named.pth'
    torch.save({**saved, 'meta': {'dataset_meta': {'classes': CLASSES[::-1]}}}, named)
    models = ('--model', 'a', config, checkpoint, '--model', 'b', config, named)
    assert 'compare models with the same classes' in refuse('vis_tsne', *models)


# ---- mmpretrain's own tools --------------------------------------------------------------------


def test_mmpretrain_vis_cam_on_a_frozen_backbone(tiny_model, run_here, tmp_path):
    config, checkpoint = tiny_model(extra='model = dict(backbone=dict(frozen=True))')
    image = next((config.parent / 'faces').rglob('test_*.jpg'))
    options = ('--target-layers', 'backbone.stages.2', '--save-path', tmp_path / 'cam.png')
    options += ('--cfg-options', 'model.backbone.frozen=False')
    assert run_here(MIM_TOOLS / 'vis_cam.py', image, config, checkpoint, *options) == 0
    cam = np.asarray(Image.open(tmp_path / 'cam.png'))
    assert cam.shape == (64, 64, 3) and np.ptp(cam) > 50


def test_mmpretrain_vis_tsne(tiny_model, run_here, tmp_path):
    config, checkpoint = tiny_model()
    tsne = (
        MIM_TOOLS / 'vis_tsne.py',
        config,
        '--checkpoint',
        checkpoint,
        '--work-dir',
        tmp_path,
        '--vis-stage',
        'backbone',
        '--perplexity',
        '5',
        '--n-iter',
        '250',
        '--legend',
        '--cfg-options',
        'test_dataloader.batch_size=7',  # a last batch of one breaks it; 28 images here
    )
    assert run_here(*tsne) == 0
    (features,) = tmp_path.rglob('feat_2.npy')
    assert np.load(features).shape == (28, 24)
    assert features.with_suffix('.png').stat().st_size > 5000
