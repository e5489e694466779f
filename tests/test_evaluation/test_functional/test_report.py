"""The lines of a test and the tables of methods."""

import numpy as np
import torch

from convcut_mm.evaluation import (
    Differences,
    Estimate,
    GroundTruth,
    Metrics,
    class_table,
    markdown_table,
    method_table,
    summary_lines,
)

NAN = float('nan')


def test_lines_with_and_without_intervals():
    metrics = {
        'accuracy/top1': 78.004,
        'single-label/recall': 60.0,
        'single-label/f1-score': 61.5,
        'confusion_matrix/result': torch.tensor([[3, 1], [0, 12]]),
    }
    lines = summary_lines(metrics, ('sad', 'happy'))
    assert lines[0].split() == ['overall', 'accuracy', '78.00', '%']
    assert lines[1].split()[-2:] == ['60.00', '%'] and 'macro F1' in lines[2]
    assert [line.split() for line in lines[-6:-4]] == [['sad', '3', '1'], ['happy', '0', '12']]
    assert lines[-3].startswith('accuracy of each class')
    assert lines[-2:] == [
        'sad     75.0 %  (30.1 to 95.4), 4 images',
        'happy  100.0 %  (75.8 to 100.0), 12 images',
    ]
    metrics.update(
        {
            'convcut/overall_accuracy': 78.004,
            'convcut/overall_accuracy_interval': [76.52, 79.44],
            'convcut/mean_class_accuracy': 70.0,  # a class without images counts in recall only
            'convcut/mean_class_accuracy_interval': [68.0, 72.0],
        }
    )
    lines = summary_lines(metrics, None)
    assert lines[0].endswith(' 78.00 %  (95 % interval 76.5 to 79.4)')
    assert lines[1].endswith(' 70.00 %  (95 % interval 68.0 to 72.0)')
    assert lines[-5].split() == ['1', '0', '12']
    assert not any('clean' in line for line in lines)
    metrics.update(
        {
            'convcut/clean_images': 12,
            'convcut/overall_accuracy_clean': 70.0,
            'convcut/overall_accuracy_clean_interval': [60.0, 80.0],
        }
    )
    lines = summary_lines(metrics, None)
    at = lines.index('clean: the 12 images of which no other split has a copy')
    assert lines[at + 1].endswith(' 70.00 %  (95 % interval 60.0 to 80.0)')


def test_tables():
    def metrics(value, spread=NAN):
        estimate = Estimate(value, (value - 1.24, value + 1.26), spread)
        nothing = Estimate(NAN, (NAN, NAN), NAN)
        return Metrics(estimate, estimate, estimate, [estimate, nothing])

    against = Differences(
        Estimate(2.5, (-0.25, 5.0)), Estimate(2.5, (0.25, 5.0)), Estimate(-2, (-3, -1))
    )
    methods = [('a|b', metrics(70.0), None), ('peer', metrics(72.5, 0.5), against)]
    truth = GroundTruth(['x', 'y', 'z'], np.zeros(3, dtype=int), ('sad', 'happy'), 'three')
    rows = method_table(methods, 3)
    against_first = ['overall accuracy against a|b', 'mean class accuracy against a|b']
    assert rows[0][-2:] == against_first
    one, interval = '70.00 (68.8 to 71.3)', '72.50 ± 0.50 (71.3 to 73.8)'
    assert rows[1] == ['a|b', '3', one, one, one, '', '']
    gains = ['+2.50 (-0.2 to +5.0)', '+2.50 (+0.2 to +5.0) *']
    assert rows[2] == ['peer', '3', interval, interval, interval, *gains]
    assert class_table(methods, truth) == [
        ['class', 'images', 'a|b', 'peer'],
        ['sad', '3', one, interval],
        ['happy', '0', '-', '-'],
    ]
    lines = markdown_table(rows).splitlines()
    assert lines[1] == '| --- | ---: | ---: | ---: | ---: | ---: | ---: |'
    assert lines[2].startswith(r'| a\|b | 3 | 70.00 (')
    assert len(method_table(methods[:1], 3)[0]) == 5  # nothing to compare with
