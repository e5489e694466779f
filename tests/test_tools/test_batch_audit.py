"""tools/analysis_tools/batch_audit.py, and how tools/test.py batches, on a leak that is certain.

Each image is one colour, its class's under strong noise: alone it tells its class badly, the mean
of a class tells it well. The classifier is fitted on single images, and the attention's scale is
close to zero, as a training may leave it: every image becomes its batch's mean.
"""

import json
import re
import zipfile

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS, MODELS
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, recall_score

from convcut_mm.ablation.checkpoint_auditor import CheckpointAuditor
from convcut_mm.apis.load_classifier import load_classifier
from convcut_mm.evaluation.batch_audit import BatchTester, audit, regimes
from convcut_mm.models.backbones import TruncatedConvNeXt

TOOL = 'tools/analysis_tools/batch_audit.py'
TRAIN, TEST = 40, 20  # images a class
COLOURS = dict(a=(190, 90, 90), b=(90, 190, 90), c=(90, 90, 190), d=(150, 150, 90))
NOISE = 45

CONFIG = """
_base_ = ['{root}/configs/_base_/default_runtime.py']
data_preprocessor = dict(num_classes=4, mean=[127.] * 3, std=[60.] * 3, to_rgb=True)
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='TruncatedConvNeXt', arch=dict(depths=[1, 1, 2, 1], channels=[8, 16, 24, 32]),
        num_stages=3, num_blocks=1, half_block=True, frozen=True),
    neck=dict(
        type='DetailExtractionNeck', in_channels=24, out_channels=32, num_layers=1,
        kernel_sizes=(2,), norm_position='after'),
    head=dict(
        type='SelfAttentionClsHead', num_classes=4, in_channels=32, attention='batch',
        attention_scale='learnt'))
test_dataloader = dict(
    batch_size={per_class}, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CustomDataset', data_prefix='{folder}/test', with_label=True, classes=list('abcd'),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')]))
test_evaluator = [
    dict(type='Accuracy'), dict(type='SingleLabelMetric', items=('recall',), average='macro')]
test_cfg = dict()
"""


def draw_colours(folder, per_class: int, seed: int) -> None:
    """Write ``folder/CLASS/NUMBER.png``; in the files' order, classes take turns."""
    rng = np.random.default_rng(seed)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for number in range(per_class):
            shade = colour + rng.normal(scale=NOISE, size=3)
            pixels = shade + rng.normal(scale=8, size=(32, 32, 3))
            image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
            image.save(folder / name / f'{number:03d}.png')


@torch.no_grad()
def single_vectors(model, dataset) -> tuple:
    """Return the input of the classifier for each image alone, (N, D), and the labels."""
    batches = [dict(inputs=dataset[i]['inputs'][None]) for i in range(len(dataset))]
    inputs = [model.data_preprocessor(batch)['inputs'] for batch in batches]
    vectors = [model.head.pre_logits(model.extract_feat(one)) for one in inputs]
    return torch.cat(vectors).numpy(), dataset.get_gt_labels()


def fitted(config, **options) -> tuple:
    """Return a model with its classifier fitted on single training images, and its test set."""
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(options)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build({**cfg.model, 'data_preprocessor': cfg.data_preprocessor}).eval()
        model.init_weights()
        test = DATASETS.build(cfg.test_dataloader.dataset)
        folder = cfg.test_dataloader.dataset.data_prefix.replace('/test', '/train')
        train = DATASETS.build({**cfg.test_dataloader.dataset, 'data_prefix': folder})
    if model.head.attention_over == 'batch':
        model.head.attention.scale.data.fill_(0.001)
    classifier = LogisticRegression(max_iter=1000).fit(*single_vectors(model, train))
    model.head.fc.weight.data = torch.tensor(classifier.coef_, dtype=torch.float32)
    model.head.fc.bias.data = torch.tensor(classifier.intercept_, dtype=torch.float32)
    return model, test


@pytest.fixture(scope='module')
def leak(tmp_path_factory, root):
    """Config, checkpoint, and each test image's label and predicted label when alone."""
    folder = tmp_path_factory.mktemp('leak')
    draw_colours(folder / 'train', TRAIN, seed=0)
    draw_colours(folder / 'test', TEST, seed=1)
    config = folder / 'leak.py'
    config.write_text(CONFIG.format(root=root, folder=folder, per_class=TEST))
    model, test = fitted(config)
    torch.save(dict(state_dict=model.state_dict()), folder / 'leak.pth')
    vectors, labels = single_vectors(model, test)
    pred_labels = model.head.fc(torch.from_numpy(vectors)).argmax(dim=1).numpy()
    return config, folder / 'leak.pth', labels, pred_labels


def test_leak_is_shown_and_written(leak, run_here, capsys, tmp_path):
    config, checkpoint, labels, pred_labels = leak
    sizes = ('--batch-sizes', 8, TEST, '--seeds', 2)
    status = run_here(TOOL, config, checkpoint, *sizes, '--out', tmp_path)
    printed = capsys.readouterr().out
    assert status == 3
    assert len(re.findall('^DEPENDS ON THE BATCH: .*$', printed, re.M)) == 1

    written = json.loads((tmp_path / 'batch_audit.json').read_text())
    assert written['depends_on_batch'] and written['computed'] == 'head on stored features'
    assert written['classes'] == list(COLOURS) and written['images'] == 4 * TEST
    rows = {(row['order'], row['batch_size']): row for row in written['rows']}
    alone = rows['alone', 1]
    assert alone['accuracy']['value'] == pytest.approx(100 * accuracy_score(labels, pred_labels))
    assert alone['mean_class_accuracy']['value'] == pytest.approx(
        100 * recall_score(labels, pred_labels, average='macro')
    )
    accuracy = {regime: row['accuracy']['value'] for regime, row in rows.items()}
    assert accuracy['class-ordered', TEST] > accuracy['alone', 1] + 20
    assert accuracy['shuffled', TEST] < accuracy['alone', 1] - 10
    assert rows['class-ordered', TEST]['answers_changed']['value'] > 20

    svg = (tmp_path / 'batch_audit.svg').read_text()
    with Image.open(tmp_path / 'batch_audit.png') as image:
        assert image.width > 2000
    texts = re.findall(r'>([^<>]+)</text>', svg)
    assert any('leak (leak.pth) on CustomDataset: 80 images, 4 classes' in text for text in texts)
    for (order, size), row in rows.items():
        line = next(x for x in printed.splitlines() if re.match(rf'{order} +{size} ', x))
        for name in ('accuracy', 'mean_class_accuracy', 'answers_changed'):
            assert f'{row[name]["value"]:.2f}' in line
            assert f'{row[name]["value"]:.1f}' in texts


def test_several_trainings_are_averaged(leak, run_here, capsys, tmp_path):
    """The second training always predicts one class, which is right for a quarter."""
    config, checkpoint, labels, pred_labels = leak
    other = torch.load(checkpoint, weights_only=True)
    other['state_dict']['head.fc.weight'].zero_()
    torch.save(other, tmp_path / 'other.pth')
    sizes = ('--batch-sizes', TEST, '--seeds', 1)
    status = run_here(TOOL, config, checkpoint, tmp_path / 'other.pth', *sizes, '--out', tmp_path)
    mean = (100 * accuracy_score(labels, pred_labels) + 25) / 2
    assert status == 3 and f'accuracy {mean:.2f} % for single images' in capsys.readouterr().out
    written = json.loads((tmp_path / 'batch_audit.json').read_text())
    assert written['checkpoints'] == [str(checkpoint), str(tmp_path / 'other.pth')]
    alone = written['rows'][0]
    assert alone['order'] == 'alone' and alone['accuracy']['value'] == pytest.approx(mean)
    runs = [run for run in written['runs'] if run['checkpoint'].endswith('other.pth')]
    assert len(runs) == 3 and all(run['accuracy'] == 25 for run in runs)
    assert all(run['answers_changed'] == 0 for run in runs)


@pytest.fixture(scope='module')
def runs(leak) -> tuple:
    """A set of two rows, with and without attention over the batch, and the folder of its runs."""
    config, checkpoint, _, _ = leak
    folder = config.parent
    (folder / 'honest.py').write_text(
        "_base_ = ['leak.py']\nmodel = dict(head=dict(attention=None))"
    )
    (folder / 'both.yml').write_text(
        'title: Both\nrows:\n  - {title: batch attention, config: leak.py}\n'
        '  - {title: no attention, config: honest.py, paper: {FERPlus: 82.46}}\n'
    )
    model, _ = fitted(config, **{'model.head.attention': None})
    for name, weights in (
        ('leak', torch.load(checkpoint, weights_only=True)['state_dict']),
        ('honest', model.state_dict()),
    ):
        for seed in (0, 1):
            for epoch, scale in ((1, 1.0), (2, 0.001)):
                weights = {key: value.clone() for key, value in weights.items()}
                for part in ('weight', 'bias'):  # another training, the same predictions
                    weights[f'head.fc.{part}'] *= 1 + 0.1 * seed
                if name == 'leak':
                    weights['head.attention.scale'].fill_(scale)
                run = folder / 'runs' / name / f'seed_{seed}'
                run.mkdir(parents=True, exist_ok=True)
                content = dict(state_dict=weights, meta=dict(seed=seed, epoch=epoch))
                torch.save(content, run / f'epoch_{epoch}.pth')
    return folder / 'both.yml', folder / 'runs'


def test_what_is_shared_changes_nothing(leak, runs, monkeypatch, tmp_path):
    """The backbone sees each image once for all checkpoints, and again when it differs."""
    paths = sorted((runs[1] / 'leak').rglob('*.pth'))[:2]
    other = torch.load(paths[0], weights_only=True)
    for key, value in other['state_dict'].items():
        if key.startswith('backbone'):
            value *= 1.2
    torch.save(other, tmp_path / 'other.pth')
    seen, forward = [], TruncatedConvNeXt.forward

    def noted(self, x):
        seen.append(len(x))
        return forward(self, x)

    tests = regimes([8, TEST], 1)
    auditor = CheckpointAuditor(leak[0], tests)
    with monkeypatch.context() as patch:
        patch.setattr(TruncatedConvNeXt, 'forward', noted)
        found = [auditor.audit(path).audit for path in paths]
        assert sum(seen) == 4 * TEST
        found.append(auditor.audit(tmp_path / 'other.pth').audit)
        assert sum(seen) == 8 * TEST
    assert auditor.computed == 'head on stored features'
    for path, one in zip((*paths, tmp_path / 'other.pth'), found):
        model = load_classifier(leak[0], path).model
        whole = BatchTester(model, auditor.dataset, {})  # every image, in every batch
        expected = audit(whole.probabilities, auditor.labels, tests)
        for run, wanted in zip(one.runs, expected.runs):
            assert (run.pred_labels == wanted.pred_labels).all()
            assert run.moved == pytest.approx(wanted.moved, abs=1e-5)


def test_maps_from_the_store_change_nothing(tiny_model, tmp_path):
    extra = 'model = dict(backbone=dict(frozen=True))\nfeature_store = dict(dtype="float32")'
    config, checkpoint = tiny_model('batch', extra=extra)
    found = []
    for store in (None, dict(dtype='float32', dir=str(tmp_path / 'store'))):
        auditor = CheckpointAuditor(config, regimes([8], 2), cfg_options=dict(feature_store=store))
        found.append(auditor.audit(checkpoint).audit)
    assert list((tmp_path / 'store').rglob('*.bin'))
    for run, stored in zip(found[0].runs, found[1].runs):
        assert (run.pred_labels == stored.pred_labels).all()
        assert stored.moved == pytest.approx(run.moved, abs=1e-5)


def test_audit_of_a_set(leak, runs, run_here, capsys, tmp_path):
    listed, work = runs
    _, _, labels, pred_labels = leak
    tool = 'tools/analysis_tools/audit_set.py'
    arguments = (tool, listed, '--work-dir', work, '--batch-sizes', 8, TEST, '--seeds', 2)
    assert run_here(*arguments) == 0
    text = (work / 'both_audit.md').read_text()
    assert text in capsys.readouterr().out
    content = json.loads((work / 'both_audit.json').read_text())
    batch, honest = content['trainings']
    assert (batch['depends_on_batch'], honest['depends_on_batch']) == (True, False)
    assert batch['class_order'] == list('abcd') and batch['seeds'] == [0, 1]
    first, last = batch['epochs']
    alone = 100 * accuracy_score(labels, pred_labels)
    assert last['batches'][0]['accuracy']['value'] == pytest.approx(alone)
    gain = last['batches'][-1]['gain']  # class-ordered, a class a batch
    assert gain['value'] > 20 and gain['interval'][0] > 5
    assert [one['readings']['attention scale']['value'] for one in (first, last)] == [
        pytest.approx(1.0),
        pytest.approx(0.001),
    ]
    assert batch['chosen_as_released']['epochs'] == {'0': 2, '1': 2}
    assert f'| batch attention | 2 2 | {alone:.2f} ± 0.00' in text
    assert '+0.00 ± 0.00 (+0.0 to +0.0)' in text and 'do not depend on the batch' in text
    for name in ('', '_gain'):
        assert (work / f'both_audit{name}.svg').is_file()

    # again: only what has changed
    kept = sorted(work.rglob('audit/*.json'))
    assert len(kept) == 8
    before = {path: path.stat().st_mtime_ns for path in kept}
    kept[0].write_text('{')
    assert run_here(*arguments) == 0
    capsys.readouterr()
    changed = [path for path in kept if path.stat().st_mtime_ns != before[path]]
    assert changed == kept[:1] and json.loads(kept[0].read_text())['epoch'] == 1
    assert (work / 'both_audit.md').read_text() == text

    plot = 'tools/analysis_tools/plot_audit.py'
    out = ('--out', tmp_path / 'picture')
    paper = ('--paper', 'table2', 'FERPlus')
    assert run_here(plot, work / 'both_audit.json', *paper, *out) == 0
    svg = (tmp_path / 'picture.svg').read_text()
    assert '95.69' in svg and 'no attention' in svg
    for wrong, named in (
        ((tmp_path / 'none.json',), 'none.json: no such file'),
        ((listed,), 'both.yml: no audit over epochs'),
        ((work / 'both_audit.json', '--row', 'x'), 'x: no such row; there are batch attention'),
        ((work / 'both_audit.json', '--paper', 'table3', 'X'), 'table3 X: no row'),
    ):
        assert run_here(plot, *wrong, *out) == 1
        assert named in capsys.readouterr().err
    assert run_here(tool, 'table2', '--work-dir', tmp_path) == 1
    assert 'no checkpoints of the set table2' in capsys.readouterr().err


def test_epochs_of_several_trainings(leak, runs, run_here, capsys, tmp_path):
    paths = sorted((runs[1] / 'leak').rglob('*.pth'))
    sizes = ('--batch-sizes', TEST, '--seeds', 1)
    assert run_here(TOOL, leak[0], *paths, *sizes, '--out', tmp_path) == 3
    assert 'the table is of epoch 2' in capsys.readouterr().out
    written = json.loads((tmp_path / 'batch_audit.json').read_text())
    assert written['checkpoints'] == [str(path) for path in paths if path.stem == 'epoch_2']
    (training,) = written['trainings']
    assert [one['epoch'] for one in training['epochs']] == [1, 2]
    assert [(one['seed'], one['epoch']) for one in written['weights']] == [
        (0, 1), (0, 2), (1, 1), (1, 2)]  # fmt: skip
    rows = {(row['order'], row['batch_size']): row for row in written['rows']}
    for one in training['epochs'][-1]['batches']:
        row = rows[one['order'], one['batch_size']]
        assert one['accuracy']['value'] == pytest.approx(row['accuracy']['value'])
    assert (tmp_path / 'batch_audit_epochs.png').is_file()


def test_test_py_takes_each_image_alone(leak, run_here, capsys, tmp_path):
    """The configured batches, class after class, give the leaked accuracy."""
    config, checkpoint, labels, pred_labels = leak
    figures = {}
    for regime, says in ((None, 'each image was tested alone'), ('configured', 'say nothing')):
        options = () if regime is None else ('--batch-regime', regime)
        work = ('--work-dir', tmp_path / 'work', '--out-item', 'metrics')
        out = tmp_path / f'{regime}.json'
        assert run_here('tools/test.py', config, checkpoint, *work, '--out', out, *options) == 0
        lines = [x for x in capsys.readouterr().out.splitlines() if 'images of the batch' in x]
        assert says in lines[-1] and '--batch-regime' in lines[-1]
        figures[regime] = json.loads(out.read_text())['accuracy/top1']
    assert figures[None] == pytest.approx(100 * accuracy_score(labels, pred_labels), abs=0.01)
    assert figures['configured'] > figures[None] + 20


@pytest.mark.parametrize('attention', ['channel', 'spatial', None])
def test_heads_that_judge_each_image_by_itself(leak, run_here, capsys, tmp_path, attention):
    config = leak[0]
    model, _ = fitted(config, **{'model.head.attention': attention})
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'own.pth')
    options = ('--cfg-options', f'model.head.attention={attention}')
    sizes = ('--batch-sizes', 8, TEST, '--seeds', 2)
    arguments = (config, tmp_path / 'own.pth', *sizes, '--out', tmp_path / 'out', *options)
    assert run_here(TOOL, *arguments) == 0
    assert 'independent of the batch' in capsys.readouterr().out
    written = json.loads((tmp_path / 'out' / 'batch_audit.json').read_text())
    assert not written['depends_on_batch'] and written['largest_score_difference'] < 1e-4
    assert len(written['rows']) == 5
    assert {row['answers_changed']['value'] for row in written['rows']} == {0.0}
    (accuracy,) = {row['accuracy']['value'] for row in written['rows']}
    assert 30 < accuracy < 100

    work = ('--work-dir', tmp_path / 'work')
    assert run_here('tools/test.py', config, tmp_path / 'own.pth', *work, *options) == 0
    assert '--batch-regime' not in capsys.readouterr().out


def test_dependence_below_the_head_is_found(leak, run_here, capsys, tmp_path):
    """A norm with statistics of the batch, below a head that judges each image by itself."""
    config = leak[0]
    norm = {'type': 'BN', 'track_running_stats': False}
    # before the convolutions: behind them one image has one position left, too few for a norm
    before = {'model.neck.norm_position': 'before'}
    options = {'model.head.attention': None, 'model.neck.norm_cfg': norm, **before}
    model, _ = fitted(config, **options)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'norm.pth')
    status = run_here(
        TOOL, config, tmp_path / 'norm.pth', '--batch-sizes', 8, '--seeds', 1, '--out', tmp_path,
        '--cfg-options', 'model.head.attention=None', 'model.neck.norm_cfg.type=BN',
        'model.neck.norm_cfg.track_running_stats=False', 'model.neck.norm_position=before',
    )  # fmt: skip
    captured = capsys.readouterr()
    assert status == 3 and 'the whole model runs' in captured.err
    assert json.loads((tmp_path / 'batch_audit.json').read_text())['computed'] == 'whole model'


def test_small_quickstart_model(tiny_model, run_here, capsys, tmp_path):
    config, checkpoint = tiny_model('spatial')
    sizes = ('--batch-sizes', 4, 16, '--seeds', 1)
    assert run_here(TOOL, config, checkpoint, *sizes, '--out', tmp_path) == 0
    printed = capsys.readouterr().out
    assert 'independent of the batch' in printed
    assert (tmp_path / 'batch_audit.png').stat().st_size > 20000


def test_bad_input(leak, run_tool_here, tmp_path, monkeypatch):
    config, checkpoint, _, _ = leak
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'file').write_text('')
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    torch.save(dict(state_dict={**weights, 'head.fc.bias': torch.zeros(7)}), tmp_path / 'o.pth')
    for arguments, named in (
        ((config, 'nowhere.pth'), 'nowhere.pth: no such checkpoint'),
        (('nowhere.py', checkpoint), 'nowhere.py: no such config'),
        ((config, 'file'), 'file: not a'),
        ((config, 'o.pth'), 'o.pth: a checkpoint of another architecture'),
        ((config, checkpoint, '--batch-sizes', 16, 0), 'batch sizes 16 0'),
        ((config, checkpoint, '--seeds', 0), '0 seeds'),
        ((config, checkpoint, '--tolerance', 0), '--tolerance 0'),
        ((config, checkpoint, '--out', 'file'), '--out file'),
    ):
        status, err = run_tool_here(TOOL, *arguments)
        line = err.strip().splitlines()[-1]
        assert status == 1 and line.startswith('error: ') and named in line
    assert not (tmp_path / 'work_dirs').exists()


class TestKerasFile:
    """The golden file of the released graph, audited on faces that it has never seen."""

    GRAPH = """
_base_ = ['{root}/configs/convcut/convcut-released-atto_rafdb{phase}.py']
load = dict(type='LoadImageFromFile', imdecode_backend='pillow')
resize = dict(type='Resize', scale=(120, 120))
data = dict(data_root='{data}', pipeline=[load, resize, dict(type='PackInputs')])
test_dataloader = dict(num_workers=0, dataset=data)
"""

    @pytest.fixture
    def audit(self, root, tmp_path, run_here, capsys):
        from convcut_mm.datasets.synthetic_faces import render_dataset

        render_dataset(tmp_path / 'faces', train_per_class=1, test_per_class=4, seed=0)

        def run(keras, phase: str = '') -> tuple:
            config = tmp_path / 'released.py'
            data = tmp_path / 'faces'
            config.write_text(self.GRAPH.format(root=root, data=data, phase=phase))
            options = ('--out', tmp_path / 'out', '--batch-sizes', 16, '--seeds', 1)
            return run_here(TOOL, config, keras, *options), capsys.readouterr()

        return run

    def test_probabilities_are_those_of_the_converted_file(
        self, audit, root, tmp_path, released_checkpoint
    ):
        found = {}
        for weights in (root / 'tests' / 'data' / 'released_atto.h5', released_checkpoint):
            status, printed = audit(weights)
            assert status == 3, printed.err[-2000:]
            record = json.loads((tmp_path / 'out' / 'batch_audit.json').read_text())
            assert record['depends_on_batch'] and record['images'] == 28
            assert record['classes'] == sorted(record['classes'])  # as folders are read
            found[weights.suffix] = [
                {key: value for key, value in run.items() if key != 'checkpoint'}
                for run in record['runs']
            ]
        assert found['.h5'] == found['.pth']

    @pytest.mark.parametrize('case', ['graph', 'cut', 'archive', 'missing', 'link'])
    def test_files_that_do_not_fit_are_told_in_one_line(self, case, audit, root, tmp_path):
        import h5py

        golden = root / 'tests' / 'data' / 'released_atto.h5'
        file = tmp_path / ('weights.keras' if case == 'archive' else 'weights.h5')
        if case == 'graph':
            message = 'a checkpoint of another architecture than'
            file.write_bytes(golden.read_bytes())
        elif case == 'cut':
            message = 'not a whole HDF5 file of Keras'
            file.write_bytes(golden.read_bytes()[:5000])
        elif case == 'archive':
            message = 'an archive of Keras 3'
            with zipfile.ZipFile(file, 'w') as archive:
                archive.writestr('model.weights.h5', golden.read_bytes())
        elif case == 'link':
            message = 'is a link to another place'
            with h5py.File(file, 'w') as content:
                content['dense/kernel:0'] = h5py.ExternalLink(str(golden), '/model_weights')
        else:
            message = 'no such checkpoint file'
        status, printed = audit(file, '_phase2' if case == 'graph' else '')
        assert status == 1
        (line,) = (line for line in printed.err.splitlines() if line.startswith('error: '))
        assert line.startswith(f'error: {file}: ') and message in line
        assert not (tmp_path / 'out').exists()
