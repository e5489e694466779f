"""The metrics that tools/test.py adds, run by mmengine's evaluator."""

import pickle

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmpretrain.registry import METRICS
from mmpretrain.structures import DataSample
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from convcut_mm.evaluation import evaluate, load_predictions

LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 2] * 10)


def metrics_of(
    metrics: list, labels=LABELS, named: bool = True, batch: int = 16, **marks
) -> tuple:
    """Evaluate random predictions batch by batch; return metrics and predicted labels."""
    probabilities = torch.rand(len(labels), 3, generator=torch.Generator().manual_seed(0))
    probabilities[range(len(labels)), labels.tolist()] += 0.4
    evaluator = Evaluator(metrics)
    for rows, chunk in zip(probabilities.split(batch), torch.arange(len(labels)).split(batch)):
        rows = rows.clone()  # of the batch: each sample gets a view
        samples = []
        for row, index in zip(rows, chunk.tolist()):
            meta = dict(img_path=f'd/{index}.png') if named else {}
            meta.update({key: bool(values[index]) for key, values in marks.items()})
            sample = DataSample(metainfo=meta)
            samples.append(sample.set_gt_label(int(labels[index])).set_pred_score(row))
        evaluator.process(samples)
    return evaluator.evaluate(len(labels)), probabilities.argmax(1).numpy()


def test_accuracies_with_intervals():
    collector = METRICS.build(dict(type='CollectPredictions'))
    metrics, pred_labels = metrics_of([collector])
    assert metrics['convcut/overall_accuracy'] == pytest.approx(
        100 * accuracy_score(LABELS, pred_labels)
    )
    assert metrics['convcut/mean_class_accuracy'] == pytest.approx(
        100 * balanced_accuracy_score(LABELS, pred_labels)
    )
    expected = evaluate(LABELS, pred_labels, 3)
    for name in ('overall_accuracy', 'mean_class_accuracy'):
        interval = list(getattr(expected, name).interval)
        assert metrics[f'convcut/{name}_interval'] == interval
    assert collector.predictions.names[:2] == ['0.png', '1.png']
    np.testing.assert_array_equal(collector.predictions.pred_labels, pred_labels)
    assert not any('clean' in key for key in metrics)


def test_accuracies_of_images_without_copies():
    copies = np.arange(100) % 3 == 0
    metrics, pred_labels = metrics_of(
        [METRICS.build(dict(type='CollectPredictions'))], duplicate=copies
    )
    expected = evaluate(LABELS[~copies], pred_labels[~copies], 3)
    assert metrics['convcut/clean_images'] == 66
    for name in ('overall_accuracy', 'mean_class_accuracy'):
        estimate = getattr(expected, name)
        assert metrics[f'convcut/{name}_clean'] == estimate.value
        assert metrics[f'convcut/{name}_clean_interval'] == list(estimate.interval)


def test_images_without_names_have_no_intervals():
    collector = METRICS.build(dict(type='CollectPredictions'))
    metrics, _ = metrics_of([METRICS.build(dict(type='Accuracy')), collector], named=False)
    assert set(metrics) == {'accuracy/top1'} and collector.predictions is None


def test_file_of_predictions(tmp_path):
    path = tmp_path / 'new' / 'p.pkl'
    dump = dict(type='DumpPredictions', out_file_path=str(path))
    _, pred_labels = metrics_of([METRICS.build(dump)], batch=50)
    predictions = load_predictions(path)
    np.testing.assert_array_equal(predictions.labels, LABELS)
    np.testing.assert_array_equal(predictions.pred_labels, pred_labels)
    # a sample holds its own three probabilities, not those of its batch
    for sample in pickle.loads(path.read_bytes()):
        assert sample['pred_score'].untyped_storage().nbytes() == 12
    assert [file.name for file in path.parent.iterdir()] == ['p.pkl']


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / 'p.pkl'
    path.write_bytes(b'old')
    dump = METRICS.build(dict(type='DumpPredictions', out_file_path=str(path)))
    dump.process(None, [dict(img_path='a.png', loader=lambda: None)])
    with pytest.raises((AttributeError, pickle.PicklingError)):
        dump.evaluate(1)
    assert path.read_bytes() == b'old' and len(list(tmp_path.iterdir())) == 1
