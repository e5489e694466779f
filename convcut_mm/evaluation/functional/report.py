"""Write metrics as text: the lines of a test, and tables of methods."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..predictions import GroundTruth
from .estimate import Estimate
from .evaluate import Metrics

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
        list[str]: Accuracies and macro averages in per cent, and the confusion matrix.
    """
    lines = []
    for title, own, usual in _LINES:
        key = own if own in metrics else usual
        if key in metrics:
            interval = metrics.get(f'{key}_interval')
            more = '' if interval is None else f'  (95 % interval {interval_text(interval)})'
            lines.append(f'{title:36s}{float(metrics[key]):6.2f} %{more}')
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


def method_table(
    methods: Sequence[tuple[str, Metrics, Estimate | None]], images: int
) -> list[list[str]]:
    """Return a header row and a row for each method.

    Args:
        methods (Sequence[tuple]): Name, metrics, and difference to the first method (None for
            the first method itself).
        images (int): Number of test images.

    Returns:
        list[list[str]]: The cells.
    """
    titles = ['method', 'images', 'overall accuracy', 'mean class accuracy', 'macro F1']
    if len(methods) > 1:
        titles.append(f'overall accuracy against {methods[0][0]}')
    rows = [titles]
    for name, metrics, against in methods:
        spread = metrics.macro_f1.spread
        row = [
            name,
            str(images),
            estimate_text(metrics.overall_accuracy),
            estimate_text(metrics.mean_class_accuracy),
            f'{metrics.macro_f1.value:.2f}' + ('' if np.isnan(spread) else f' ± {spread:.2f}'),
            '' if against is None else estimate_text(against, '+'),
        ]
        rows.append(row[: len(titles)])
    return rows


def class_table(
    methods: Sequence[tuple[str, Metrics, Estimate | None]], truth: GroundTruth
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
