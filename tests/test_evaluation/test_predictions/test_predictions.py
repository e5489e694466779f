"""Files of predictions, as mmengine writes them from mmpretrain's samples."""

import mmengine
import numpy as np
import pytest
import torch
from mmengine.evaluator import DumpResults
from mmpretrain.structures import DataSample

from convcut_mm import ConvcutError
from convcut_mm.evaluation import load_predictions

SCORES = torch.tensor([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [0.1, 0.2, 0.7]])


def sample(path: str, label, score=None, pred_label=None) -> dict:
    out = DataSample(metainfo=dict(img_path=path, ori_shape=(48, 48), scale_factor=(1.0, 1.0)))
    out.set_gt_label(label)
    if score is not None:
        out.set_pred_score(score)
    if pred_label is not None:
        out.set_pred_label(pred_label)
    return out.to_dict()


def samples(paths=('data/a.png', 'data/b.png', 'data/c.png')) -> list:
    return [sample(path, i, score=SCORES[i], pred_label=0) for i, path in enumerate(paths)]


def error_of(path, content, classes=None) -> str:
    mmengine.dump(content, path)
    with pytest.raises(ConvcutError) as error:
        load_predictions(path, classes)
    assert str(path) in str(error.value) and '\n' not in str(error.value)
    return str(error.value)


def test_what_mmengine_writes(tmp_path):
    path = tmp_path / 'p.pkl'
    dump = DumpResults(out_file_path=str(path))
    dump.process(None, samples())
    dump.evaluate(3)
    predictions = load_predictions(path, ['x', 'y', 'z'])
    assert predictions.names == ['a.png', 'b.png', 'c.png']
    assert predictions.classes == ('x', 'y', 'z')
    np.testing.assert_array_equal(predictions.labels, [0, 1, 2])
    np.testing.assert_allclose(predictions.probabilities, SCORES.numpy())
    # the first of equal probabilities, as torch's topk gives it
    np.testing.assert_array_equal(predictions.pred_labels, [1, 0, 2])
    assert load_predictions(path).classes is None


def test_labels_without_probabilities_become_one_hot(tmp_path):
    path = tmp_path / 'p.pkl'
    mmengine.dump([sample(f'{i}.png', 1, pred_label=i) for i in (2, 0)], path)
    np.testing.assert_array_equal(load_predictions(path).probabilities, [[0, 0, 1], [1, 0, 0]])
    four = load_predictions(path, 'abcd')
    assert four.probabilities.shape == (2, 4) and four.pred_labels.tolist() == [2, 0]
    with pytest.raises(ConvcutError, match='pred_label 2 of 2 classes'):
        load_predictions(path, 'ab')


def test_reduced_precision(tmp_path):
    path = tmp_path / 'p.pkl'
    mmengine.dump([sample('a.png', 1, score=SCORES[0].to(torch.bfloat16))], path)
    np.testing.assert_allclose(load_predictions(path).probabilities, SCORES[:1].numpy(), atol=2e-3)


def test_names_that_folders_tell_apart(tmp_path):
    path = tmp_path / 'p.pkl'
    paths = ('/x/test/fear/1.png', '/x/test/fear/2.png', '/x/test/anger/1.png')
    mmengine.dump(samples(paths), path)
    assert load_predictions(path).names == ['fear/1.png', 'fear/2.png', 'anger/1.png']


@pytest.mark.parametrize(
    'change,named',
    [
        (lambda s: s[1].pop('img_path'), 'index 1 has no "img_path"'),
        (lambda s: s[2].pop('gt_label'), 'index 2 has no "gt_label"'),
        (lambda s: [(one.pop('pred_score'), one.pop('pred_label')) for one in s[1:]], 'index 1'),
        (lambda s: s[0].update(gt_label=torch.tensor([0, 2])), 'gt_label=[0, 2]'),
        (lambda s: s[0].update(gt_label=torch.tensor([3])), 'label 3'),
        (lambda s: s[0].update(pred_score=torch.ones(4)), 'pred_score'),
        (lambda s: s[1].update(pred_score=torch.tensor([0, float('nan'), 1])), 'index 1'),
        (lambda s: s[2].update(img_path='data/a.png'), 'data/a.png 2 times'),
        (lambda s: s.clear(), 'no predictions'),
    ],
)
def test_bad_samples(change, named, tmp_path):
    content = samples()
    change(content)
    assert named in error_of(tmp_path / 'p.pkl', content)


def test_other_content(tmp_path):
    path = tmp_path / 'p.pkl'
    # what --out-item metrics writes
    assert 'no predictions' in error_of(path, {'accuracy/top1': 78.0})
    assert 'no predictions' in error_of(path, [1, 2])
    assert 'probabilities for 3 classes, expected 2 (x, y)' in error_of(
        path, samples(), ['x', 'y']
    )
