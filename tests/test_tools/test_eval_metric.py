"""tools/analysis_tools/eval_metric.py on synthetic faces: metrics known by hand, bad files."""

import csv
import json
import math
import pickle

import pytest
import torch
from mmpretrain.registry import MODELS

TOOL = 'tools/analysis_tools/eval_metric.py'
# RAF-DB's order; its label file counts from 1
CLASSES = ['surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral']


@pytest.fixture
def faces(small_config, tmp_path):
    """A config, and the true class of each of its 28 test images."""
    from convcut_mm.datasets import DrawnFaces

    config = small_config()
    DrawnFaces(data_root=str(tmp_path / 'faces'), train_per_class=12, test_per_class=4)
    lines = (tmp_path / 'faces/basic/EmoLabel/list_patition_label.txt').read_text().splitlines()
    truth = {}
    for line in lines:
        name, label = line.split()
        if name.startswith('test'):
            truth[name.replace('.jpg', '_aligned.jpg')] = CLASSES[int(label) - 1]
    assert len(truth) == 28
    return config, truth


def write(path, rows: list):
    with open(path, 'w', newline='') as file:
        csv.writer(file).writerows(rows)
    return path


def with_mistakes(truth: dict) -> dict:
    """Confuse all four fear faces with surprise and one neutral face with anger: 23 of 28."""
    pred_labels = {name: 'surprise' if label == 'fear' else label for name, label in truth.items()}
    pred_labels[next(name for name, label in truth.items() if label == 'neutral')] = 'anger'
    return pred_labels


def as_labels(path, pred_labels: dict):
    return write(path, [('file', 'label'), *pred_labels.items()])


def as_probabilities(path, pred_labels: dict):
    """Write values of any scale, columns and rows in another order."""
    rows = [
        [name, *(7.5 if label == answer else 0.5 for label in reversed(CLASSES))]
        for name, answer in reversed(pred_labels.items())
    ]
    return write(path, [('file', *reversed(CLASSES)), *rows])


def test_metrics_known_by_hand(faces, run_here, capsys, tmp_path):
    config, truth = faces
    pred_labels = with_mistakes(truth)
    one_wrong = {**truth, next(iter(truth)): next(c for c in CLASSES if c != [*truth.values()][0])}
    mistakes = as_labels(tmp_path / 'mistakes.csv', pred_labels)
    same = as_probabilities(
        tmp_path / 'same.csv', {f'any/{name}': a for name, a in pred_labels.items()}
    )
    better = as_probabilities(tmp_path / 'better.csv', one_wrong)
    out, markdown = tmp_path / 'new' / 'figures.json', tmp_path / 'table.md'
    status = run_here(
        *(TOOL, config, mistakes, same, '--group', f'seeds={mistakes},{better}', '--draws', '200'),
        *('--out', out, '--markdown', markdown),
    )
    printed = capsys.readouterr().out
    assert status == 0
    content = json.loads(out.read_text())
    assert content['images'] == 28 and content['images_of_classes'] == dict.fromkeys(CLASSES, 4)
    first, second, group = content['methods']
    assert [m['name'] for m in content['methods']] == ['mistakes', 'same', 'seeds']

    assert first['overall_accuracy']['value'] == pytest.approx(100 * 23 / 28)
    assert first['mean_class_accuracy']['value'] == pytest.approx((5 * 100 + 0 + 75) / 7)
    # 2 TP / (2 TP + FP + FN): surprise 8/12, fear 0, neutral 6/7, anger 8/9, three without mistake
    assert first['macro_f1']['value'] == pytest.approx(100 * (8 / 12 + 6 / 7 + 8 / 9 + 3) / 7)
    low, high = first['overall_accuracy']['interval']
    assert 60 < low < 100 * 23 / 28 < high < 100
    assert {name: f['value'] for name, f in first['class_accuracies'].items()} == {
        **dict.fromkeys(CLASSES, 100),
        'fear': 0,
        'neutral': 75,
    }
    assert first['overall_accuracy']['spread'] is None
    assert first['overall_accuracy_against_first'] is None

    figures = [key for key in first if key not in ('name', 'files') and 'against' not in key]
    assert {key: second[key] for key in figures} == {key: first[key] for key in figures}
    assert second['overall_accuracy_against_first']['interval'] == [0, 0]

    seeds = group['overall_accuracy']
    assert seeds['value'] == pytest.approx(100 * (23 + 27) / 56)
    assert seeds['spread'] == pytest.approx(100 * (27 - 23) / 28 / math.sqrt(2))
    assert group['overall_accuracy_against_first']['value'] == pytest.approx(100 * 4 / 56)
    assert group['files'] == [str(mistakes), str(better)]

    for text in (printed, markdown.read_text()):
        assert '82.14 (' in text and '89.29 ± 10.10 (' in text and '+7.14 (' in text
        assert 'DrawnFaces, test, 28 images' in text
    assert '| fear | 4 | 0.00 (0.0 to 49.0) |' in markdown.read_text()


def test_file_of_test_py_and_its_csv_give_the_same(faces, run_here, capsys, tmp_path):
    from mmengine.config import Config

    config, truth = faces
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(config).model)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'model.pth')
    out = tmp_path / 'tested.pkl'
    status = run_here(
        *('tools/test.py', config, tmp_path / 'model.pth', '--out', out),
        *('--work-dir', tmp_path / 'work'),
    )
    tested = capsys.readouterr().out
    assert status == 0
    rows = [
        [sample['img_path'], *sample['pred_score'].tolist()]
        for sample in pickle.loads(out.read_bytes())
    ]
    as_csv = write(tmp_path / 'as_csv.csv', [('file', *CLASSES), *rows])
    assert run_here(TOOL, config, out, as_csv, '--out', tmp_path / 'figures.json') == 0
    a, b = json.loads((tmp_path / 'figures.json').read_text())['methods']
    assert b['overall_accuracy_against_first']['interval'] == [0, 0]
    for key in ('overall_accuracy', 'mean_class_accuracy', 'macro_f1', 'class_accuracies'):
        assert a[key] == b[key]
    # and test.py itself said so
    line = next(line for line in tested.splitlines() if line.startswith('overall accuracy'))
    low, high = a['overall_accuracy']['interval']
    expected = f'{a["overall_accuracy"]["value"]:.2f} %  (95 % interval {low:.1f} to {high:.1f})'
    assert line.split(maxsplit=2)[2] == expected


def test_bad_input_is_one_line(faces, run_tool_here, tmp_path):
    config, truth = faces
    good = as_labels(tmp_path / 'good.csv', truth)
    names = list(truth)
    rows = [('file', 'label'), *truth.items()]
    cases = [
        ([good, write(tmp_path / 'a.csv', rows[:-2])], 'a.csv: 2 images missing that the test'),
        ([write(tmp_path / 'b.csv', [*rows, ('x.jpg', 'fear')])], 'the first is x.jpg'),
        ([write(tmp_path / 'c.csv', [*rows, rows[3]])], f'{names[2]} (lines 4 and 30)'),
        ([write(tmp_path / 'd.csv', [*rows[:-1], (names[-1], 'rage')])], 'line 29: unknown class'),
        ([write(tmp_path / 'e.csv', [('file', 'answer'), *rows[1:]])], 'line 1: no column'),
        ([write(tmp_path / 'f.csv', [])], 'f.csv: empty'),
        (['nowhere.csv'], 'nowhere.csv: no such file'),
        (['nowhere.pkl'], 'nowhere.pkl: no such file'),
        (['p.txt'], 'p.txt: expected predictions as .csv, .npz or .pkl'),
        ([], 'no predictions given'),
        ([good, good], 'two methods called'),
        (['--group', 'seeds'], '--group seeds: expected NAME=FILE'),
        ([good, '--draws', '0'], '--draws 0'),
    ]
    for args, named in cases:
        status, err = run_tool_here(TOOL, config, *args, '--out', tmp_path / 'no.json')
        line = err.strip().splitlines()[-1]
        assert status == 1 and line.startswith('error: ') and named in line, err
    assert not (tmp_path / 'no.json').exists()
