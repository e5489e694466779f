"""The confusion matrix: Figure 3 of the paper."""

from functools import partial

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from ..evaluation.accuracy import mean_class_accuracy, overall_accuracy
from ..evaluation.intervals import bootstrap_interval
from ..evaluation.predictions import Predictions
from .style import new_figure, stacked, styled

CELL = 0.95  # inches a class
TITLE = 8.4  # inches of the title with its margins
# one hue from white to dark: empty cells stay white, and grey print keeps the order
COLOURS = 'Blues'


@styled
def draw_confusion_matrix(predictions: Predictions, classes: tuple) -> Figure:
    """Draws per cent of the true class, with the number of images below.

    Args:
        predictions (Predictions): Labels and answers.
        classes (tuple[str]): Class names in the order of the labels.

    Returns:
        Figure: A row for each true class, a column for each answer; overall and mean class
        accuracy with 95 % intervals in the title.
    """
    number = len(classes)
    labels, answers = predictions.labels, predictions.answers
    counts = confusion_matrix(labels, answers, labels=range(number))
    with np.errstate(invalid='ignore'):
        shares = 100 * counts / counts.sum(axis=1, keepdims=True)
    figure = new_figure(max(2.2 + CELL * number, TITLE), 1.7 + 0.75 * number)
    panel = figure.subplots()
    image = panel.imshow(
        np.ma.masked_invalid(shares), cmap=COLOURS, vmin=0, vmax=100, aspect='auto'
    )
    for true in range(number):
        if not counts[true].any():
            panel.text((number - 1) / 2, true, 'no images', ha='center', va='center')
            continue
        for answer in range(number):
            share = shares[true, answer]
            panel.text(
                answer,
                true,
                f'{share:.1f}\n({counts[true, answer]:,})',
                ha='center',
                va='center',
                fontsize=10.5,
                fontweight='bold' if true == answer else 'normal',
                color='white' if share > 55 else 'black',
            )
    panel.set_xticks(range(number), stacked(classes), fontsize=11)
    panel.set_yticks(range(number), classes)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    # white lines between the cells
    panel.set_xticks(np.arange(number - 1) + 0.5, minor=True)
    panel.set_yticks(np.arange(number - 1) + 0.5, minor=True)
    panel.grid(which='minor', color='white', linewidth=2)
    panel.tick_params(which='minor', length=0)
    panel.set_xlabel('answer')
    panel.set_ylabel('true class')
    panel.set_title('\n'.join(_title(labels, answers, number)), loc='left', pad=12)
    bar = figure.colorbar(image, ax=panel, fraction=0.05, pad=0.02)
    bar.set_label('% of the true class')
    bar.outline.set_visible(False)
    return figure


def _title(labels: np.ndarray, answers: np.ndarray, number: int) -> list:
    lines = []
    for title, statistic in (
        ('overall accuracy', overall_accuracy),
        ('mean class accuracy', partial(mean_class_accuracy, num_classes=number)),
    ):
        low, high = bootstrap_interval(statistic, labels, answers)
        value = statistic(labels, answers)
        lines.append(f'{title} {value:.2f} % (95 % interval {low:.1f} to {high:.1f})')
    lines[0] += f', {len(labels):,} images'
    return lines
