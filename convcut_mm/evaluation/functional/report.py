"""Write metrics as text: the lines of a test, and tables of methods."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..predictions import GroundTruth
from .estimate import Estimate
from .evaluate import Metrics
from .resampled import Differences
from .wilson import wilson_interval

# title of a line, key of CollectPredictions, key of mmpretrain if that one is missing
_LINES = (
    ('overall accuracy', 'convcut/overall_accuracy', 'accuracy/top1'),
    (
        'mean class accuracy (macro recall)',
        'convcut/mean_class_accuracy',
        'single-label/recall',
    ),
    ('macro precision', None, 'single-label/precision'),
    ('macro F1', None, 'single-label/f1-score'),
)


def summary_lines(metrics: dict[str, Any], classes: Sequence[str] | None) -> list[str]:
    """Return readable lines for the metrics of a test, as tools/test.py prints them.

    Args:
        metrics (dict): What ``Runner.test`` returns. Accuracies have 95 % intervals if
            ``CollectPredictions`` is among the metrics.
        classes (Sequence[str], optional): Names of the classes; None for their numbers.

    Returns:
        list[str]: Accuracies and macro averages in per cent, also of the clean images if the
        metrics tell, the confusion matrix, and the accuracy of each class.
    """
    lines = []
    for title, own, usual in _LINES:
        key = own if own in metrics else usual
        if key in metrics:
            interval = metrics.get(f'{key}_interval')
            more = '' if interval is None else f'  (95 % interval {interval_text(interval)})'
            lines.append(f'{title:36s}{float(metrics[key]):6.2f} %{more}')
    lines += _clean_lines(metrics)
    matrix = metrics.get('confusion_matrix/result')
    if matrix is not None:
        matrix = torch.as_tensor(matrix)
        classes = classes or [str(i) for i in range(len(matrix))]
        width = max(6, *(len(name) + 1 for name in classes))
        lines += [
            '',
            'confusion matrix, images: rows are the true classes, columns the predicted',
            ' ' * width + ''.join(f'{name:>{width}s}' for name in classes),
        ]
        lines += [
            f'{name:{width}s}' + ''.join(f'{int(n):{width}d}' for n in row)
            for name, row in zip(classes, matrix)
        ]
        lines += _class_lines(matrix, classes, width)
    return lines


def _clean_lines(metrics: dict[str, Any]) -> list[str]:
    images = metrics.get('convcut/clean_images')
    if images is None:
        return []
    lines = ['', f'clean: the {images} images of which no other split has a copy']
    for title, own, _ in _LINES:
        key = f'{own}_clean'
        if key in metrics:
            interval = interval_text(metrics[f'{key}_interval'])
            lines.append(f'{title:36s}{float(metrics[key]):6.2f} %  (95 % interval {interval})')
    return lines


def _class_lines(matrix: torch.Tensor, classes: Sequence[str], width: int) -> list[str]:
    lines = ['', "accuracy of each class, and Wilson's 95 % interval"]
    for name, right, images in zip(classes, matrix.diagonal(), matrix.sum(1)):
        if images > 0:
            interval = interval_text(wilson_interval(int(right), int(images)))
            share = 100 * float(right) / float(images)
            lines.append(f'{name:{width}s}{share:6.1f} %  ({interval}), {int(images)} images')
    return lines


def interval_text(interval: Sequence[float]) -> str:
    """Write an interval as ``76.5 to 79.4``."""
    return f'{interval[0]:.1f} to {interval[1]:.1f}'


def estimate_text(estimate: Estimate, sign: str = '') -> str:
    """Write ``78.00 (76.5 to 79.4)``, with several seeds ``78.00 ± 0.41 (76.5 to 79.4)``.

    Args:
        estimate (Estimate): The estimate.
        sign (str): '+' to write the sign of positive values too. Defaults to ''.
    """
    if np.isnan(estimate.value):
        return '-'
    spread = '' if np.isnan(estimate.spread) else f' ± {estimate.spread:.2f}'
    low, high = (f'{end:{sign}.1f}' for end in estimate.interval)
    return f'{estimate.value:{sign}.2f}{spread} ({low} to {high})'


def difference_text(estimate: Estimate) -> str:
    """Write ``+2.00 (+0.5 to +3.4) *``; the star marks an interval without zero."""
    return estimate_text(estimate, '+') + (' *' if estimate.excludes_zero else '')


def method_table(
    methods: Sequence[tuple[str, Metrics, Differences | None]], images: int
) -> list[list[str]]:
    """Return a header row and a row for each method.

    Args:
        methods (Sequence[tuple]): Name, metrics, and differences to the first method (None for
            the first method itself).
        images (int): Number of test images.

    Returns:
        list[list[str]]: The cells.
    """
    averages = ('overall accuracy', 'mean class accuracy', 'macro F1')
    titles = ['method', 'images', *averages]
    if len(methods) > 1:
        titles += [f'{title} against {methods[0][0]}' for title in averages[:2]]
    rows = [titles]
    for name, metrics, against in methods:
        values = (metrics.overall_accuracy, metrics.mean_class_accuracy, metrics.macro_f1)
        row = [name, str(images), *map(estimate_text, values)]
        if len(methods) > 1:
            row += (
                ['', '']
                if against is None
                else map(difference_text, (against.overall_accuracy, against.mean_class_accuracy))
            )
        rows.append(row)
    return rows


def class_table(
    methods: Sequence[tuple[str, Metrics, Differences | None]], truth: GroundTruth
) -> list[list[str]]:
    """Return a header row and, for each class, a row with the accuracy of each method.

    Args:
        methods (Sequence[tuple]): See :func:`method_table`.
        truth (GroundTruth): The test set.

    Returns:
        list[list[str]]: The cells.
    """
    images = np.bincount(truth.labels, minlength=len(truth.classes))
    rows = [['class', 'images', *(name for name, _, _ in methods)]]
    for index, name in enumerate(truth.classes):
        accuracies = [metrics.class_accuracies[index] for _, metrics, _ in methods]
        rows.append([name, str(images[index]), *map(estimate_text, accuracies)])
    return rows


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Write cells as a Markdown table with the first row as header, numbers right-aligned.

    Args:
        rows (Sequence[Sequence[str]]): The cells.

    Returns:
        str: Lines that end with a line break.
    """
    lines = [[cell.replace('|', '\\|') for cell in row] for row in rows]
    lines.insert(1, ['---', *['---:'] * (len(rows[0]) - 1)])
    return ''.join(f'| {" | ".join(line)} |\n' for line in lines)
