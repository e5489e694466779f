"""tools/train.py and tools/test.py, as commands and with bad input; mmpretrain's own tools."""

import json
import pickle
import shutil
from pathlib import Path

import mmpretrain
import numpy as np
import pytest
import torch
from mmengine.config import Config
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from convcut_mm.evaluation import evaluate, load_predictions

MIM_TOOLS = Path(mmpretrain.__file__).parent / '.mim' / 'tools'


@pytest.fixture(scope='module')
def trained(tmp_path_factory, root, run_here):
    """A config trained for one epoch by mmpretrain's own train.py."""
    from mmengine.config import Config

    folder = tmp_path_factory.mktemp('trained')
    config = Config.fromfile(root / 'configs' / 'convcut_quickstart.py')
    small = dict(data_root=str(folder / 'faces'), train_per_class=12, test_per_class=4)
    for phase in ('train', 'val', 'test'):
        loader = config[f'{phase}_dataloader']
        loader.dataset.update(small)
        loader.update(num_workers=0, persistent_workers=False, batch_size=8)
    config.train_cfg.max_epochs = 1
    path = folder / 'small.py'
    config.dump(path)
    assert run_here(MIM_TOOLS / 'train.py', path, '--work-dir', folder / 'work') == 0
    return path, folder / 'work' / 'epoch_1.pth'


def test_mmpretrain_test_and_confusion_matrix(trained, run_here, tmp_path):
    config, checkpoint = trained
    out = ('--out', tmp_path / 'out.pkl', '--work-dir', tmp_path)
    assert run_here(MIM_TOOLS / 'test.py', config, checkpoint, *out) == 0
    confusion = (
        MIM_TOOLS / 'analysis_tools' / 'confusion_matrix.py',
        config,
        tmp_path / 'out.pkl',
        '--out',
        tmp_path / 'cm.pkl',
        '--show-path',
        tmp_path / 'cm.png',
    )
    assert run_here(*confusion) == 0
    matrix = pickle.load((tmp_path / 'cm.pkl').open('rb'))
    assert matrix.sum() == 28 and (tmp_path / 'cm.png').stat().st_size > 5000


def test_mmpretrain_get_flops_and_browse_dataset(trained, run_here, root, capsys, tmp_path):
    config, _ = trained
    atto = root / 'configs' / 'convcut' / 'convcut-atto_ferplus.py'
    assert run_here(MIM_TOOLS / 'analysis_tools' / 'get_flops.py', atto, '--shape', '48') == 0
    assert 'Params: 1.' in capsys.readouterr().out.replace('\x1b', '')
    seen = ('--output-dir', tmp_path / 'seen', '--not-show', '--show-number', '3')
    assert run_here(MIM_TOOLS / 'visualization' / 'browse_dataset.py', config, *seen) == 0
    assert len(list((tmp_path / 'seen').rglob('*.jpg'))) == 3


def test_metrics_equal_scikit_learn(trained, run_here, capsys, tmp_path):
    config, checkpoint = trained
    work = ('--work-dir', tmp_path)
    out = ('--out', tmp_path / 'm.json', '--out-item', 'metrics')
    assert run_here('tools/test.py', config, checkpoint, *out, *work) == 0
    printed = capsys.readouterr().out
    metrics = json.loads((tmp_path / 'm.json').read_text())
    assert run_here('tools/test.py', config, checkpoint, '--out', tmp_path / 'p.pkl', *work) == 0
    results = pickle.load((tmp_path / 'p.pkl').open('rb'))
    truth = np.concatenate([r['gt_label'].numpy() for r in results])
    answer = np.concatenate([r['pred_label'].numpy() for r in results])
    assert metrics['accuracy/top1'] == pytest.approx(100 * accuracy_score(truth, answer), abs=0.01)
    assert metrics['single-label/recall'] == pytest.approx(
        100 * recall_score(truth, answer, average='macro'), abs=0.01
    )
    # the file of predictions suffices for the interval
    predictions = load_predictions(tmp_path / 'p.pkl')
    found = evaluate(predictions.labels, predictions.pred_labels, 7)
    low, high = found.overall_accuracy.interval
    assert metrics['convcut/overall_accuracy_interval'] == pytest.approx([low, high])
    assert f'(95 % interval {low:.1f} to {high:.1f})' in printed
    assert printed.count('(95 % interval') == 2
    assert (
        metrics['confusion_matrix/result']
        == confusion_matrix(truth, answer, labels=range(7)).tolist()
    )
    for line in (
        'overall accuracy',
        'mean class accuracy (macro recall)',
        'macro precision',
        'macro F1',
        'confusion matrix',
        'surprise',
    ):
        assert line in printed


def test_external_config_with_mmpretrain_s_linear_head(tmp_path, run_command):
    """A user's config that only imports convcut_mm and uses the backbone."""
    from PIL import Image

    for split in ('train', 'val'):
        for name in ('a', 'b'):
            folder = tmp_path / 'data' / split / name
            folder.mkdir(parents=True)
            for i in range(4):
                Image.fromarray(np.full((32, 32, 3), 90 * (name == 'b') + i, np.uint8)).save(
                    folder / f'{i}.png'
                )
    (tmp_path / 'own.py').write_text("""
custom_imports = dict(imports=['convcut_mm'])
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(mean=[127.] * 3, std=[60.] * 3, to_rgb=True),
    backbone=dict(type='TruncatedConvNeXt', num_stages=2,
                  arch=dict(depths=[1, 1, 1, 1], channels=[8, 16, 24, 32])),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=2, in_channels=16))
pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
loader = dict(batch_size=4, num_workers=0, persistent_workers=False)
train_dataloader = dict(**loader, sampler=dict(type='DefaultSampler', shuffle=True),
                        dataset=dict(type='CustomDataset', data_prefix='data/train',
                                     with_label=True, pipeline=pipeline))
val_dataloader = dict(**loader, sampler=dict(type='DefaultSampler', shuffle=False),
                      dataset=dict(type='CustomDataset', data_prefix='data/val',
                                   with_label=True, pipeline=pipeline))
val_evaluator = dict(type='Accuracy')
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-2))
train_cfg = dict(by_epoch=True, max_epochs=1)
val_cfg = dict()
""")
    done = run_command(
        'python', MIM_TOOLS / 'train.py', 'own.py', '--work-dir', 'work', cwd=tmp_path
    )
    assert 'accuracy/top1' in done.stdout + done.stderr
    assert (tmp_path / 'work' / 'epoch_1.pth').is_file()


# ---- bad input: one line that names the file or key, status 1, nothing written -----------------


def train_error(run_tool_here, tmp_path, config, *options) -> str:
    work = tmp_path / 'work'
    status, err = run_tool_here('tools/train.py', config, '--work-dir', work, *options)
    assert status == 1 and not work.exists()
    line = err.strip().splitlines()[-1]
    assert line.startswith('error: ')
    return line


@pytest.mark.parametrize(
    'options,named',
    [
        (['train_dataloader.dataset.split=valid'], 'unknown split "valid"'),
        (['train_dataloader.dataset.subset=mixed'], 'unknown subset "mixed"'),
        (['model.head.attention=local'], "attention='local'"),
        (['model.backbone.num_stages=9'], 'num_stages=9'),
        (['model.backbone.num_blocks=7'], 'num_blocks=7'),
        (['model.backbone.arch=giant'], 'unknown ConvNeXt arch "giant"'),
        (['model.neck.padding=full'], "padding='full'"),
        (['model.backbone.type=TruncatedConvNext'], 'TruncatedConvNext is not in the'),
        (['train_dataloader.dataset.holdout=2'], 'holdout=2'),
    ],
)
def test_unknown_options_of_the_config(options, named, root, run_tool_here, tmp_path):
    faces = tmp_path / 'faces'
    options += [
        f'{phase}_dataloader.dataset.{key}={value}'
        for phase in ('train', 'val')
        for key, value in (('data_root', faces), ('train_per_class', 12), ('test_per_class', 4))
    ]
    line = train_error(
        run_tool_here, tmp_path, root / 'configs/convcut_quickstart.py', '--cfg-options', *options
    )
    assert named in line


def test_missing_data_root_and_config(root, run_tool_here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = train_error(run_tool_here, tmp_path, root / 'configs/convcut_rafdb.py')
    assert 'data/rafdb: no such folder' in line
    assert 'nowhere.py: no such config' in train_error(run_tool_here, tmp_path, 'nowhere.py')
    (tmp_path / 'broken.py').write_text('model = dict(')
    assert 'broken.py: cannot be read' in train_error(run_tool_here, tmp_path, 'broken.py')


def test_damaged_label_file_and_missing_image(trained, run_tool_here, tmp_path):
    config, _ = trained
    faces = tmp_path / 'faces'
    shutil.copytree(config.parent / 'faces', faces)
    options = [
        '--cfg-options',
        f'train_dataloader.dataset.data_root={faces}',
        f'val_dataloader.dataset.data_root={faces}',
    ]
    labels = faces / 'basic' / 'EmoLabel' / 'list_patition_label.txt'
    good = labels.read_text()
    for bad, named in (
        ('train_00001.jpg', 'line 1: expected "NAME.jpg LABEL"'),
        ('train_00001.jpg 8', 'line 1: expected a label from 1 to 7'),
    ):
        labels.write_text(bad + '\n' + good.split('\n', 1)[1])
        line = train_error(run_tool_here, tmp_path, config, *options)
        assert str(labels) in line and named in line
    labels.write_text(good)
    (faces / 'basic' / 'Image' / 'aligned' / 'train_00003_aligned.jpg').unlink()
    assert 'train_00003_aligned.jpg: listed in' in train_error(
        run_tool_here, tmp_path, config, *options
    )


def test_truncated_jpeg_is_named_from_a_worker_process(trained, run_tool_here, tmp_path):
    config, checkpoint = trained
    faces = tmp_path / 'faces'
    shutil.copytree(config.parent / 'faces', faces)
    image = faces / 'basic' / 'Image' / 'aligned' / 'test_0005_aligned.jpg'
    image.write_bytes(image.read_bytes()[:1500])
    status, err = run_tool_here(
        'tools/test.py',
        config,
        checkpoint,
        '--work-dir',
        tmp_path / 'work',
        '--out',
        tmp_path / 'p.pkl',
        '--cfg-options',
        f'test_dataloader.dataset.data_root={faces}',
        'test_dataloader.num_workers=1',
    )
    assert status == 1 and not (tmp_path / 'p.pkl').exists()
    assert err.strip().splitlines()[-1].startswith(f'error: {image}: not a whole image file')


def test_checkpoint_of_another_architecture(trained, run_tool_here, tmp_path):
    config, checkpoint = trained
    weights = torch.load(checkpoint, weights_only=False)['state_dict']
    weights['head.fc.weight'] = torch.zeros(8, 256)
    other = tmp_path / 'other.pth'
    torch.save(dict(state_dict=weights), other)
    status, err = run_tool_here(
        'tools/test.py',
        config,
        other,
        '--work-dir',
        tmp_path / 'work',
        '--out',
        tmp_path / 'p.pkl',
    )
    assert status == 1 and not (tmp_path / 'p.pkl').exists()
    line = err.strip().splitlines()[-1]
    assert str(other) in line and '"head.fc.weight" has shape (8, 256), expected (7, 256)' in line


def test_bad_arguments_of_test(trained, run_tool_here, tmp_path):
    config, checkpoint = trained
    for args, named in (
        ((config, 'nowhere.pth'), 'nowhere.pth: no such checkpoint'),
        ((config, checkpoint, '--out', 'p.txt'), '--out p.txt'),
        ((config, checkpoint, '--out-item', 'pred'), '--out-item needs --out'),
    ):
        status, err = run_tool_here('tools/test.py', *args)
        assert status == 1 and named in err.strip().splitlines()[-1]


def test_amp_on_a_cpu_is_bfloat16(tmp_path, run_here, small_config):
    work = tmp_path / 'work'
    assert run_here('tools/train.py', small_config(), '--amp', '--work-dir', work) == 0
    wrapper = Config.fromfile(work / 'small.py').optim_wrapper
    expected = 'AmpOptimWrapper' if torch.cuda.is_available() else 'Bfloat16OptimWrapper'
    assert wrapper.type == expected and (work / 'epoch_1.pth').is_file()
