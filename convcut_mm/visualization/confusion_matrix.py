"""Plot a confusion matrix: Figure 3 of the paper."""

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from ..evaluation.functional import evaluate, interval_text
from ..evaluation.predictions import Predictions
from ..utils.plotting import new_figure, stacked, styled

CELL = 0.95  # inches a class
TITLE = 8.4  # inches, with margins
# one hue from white to dark: empty cells stay white, and the order survives grey print
COLOURS = 'Blues'


@styled
def plot_confusion_matrix(predictions: Predictions, classes: tuple[str, ...]) -> Figure:
    """Plot the confusion matrix in per cent of the true class, with the number of images.

    Args:
        predictions (Predictions): Labels and predicted labels.
        classes (tuple[str]): Class names in the order of the labels.

    Returns:
        Figure: A row for each true class, a column for each predicted class; overall and
        mean class accuracy with 95 % intervals in the title.
    """
    number = len(classes)
    labels, pred_labels = predictions.labels, predictions.pred_labels
    counts = confusion_matrix(labels, pred_labels, labels=range(number))
    with np.errstate(invalid='ignore'):
        per_cent = 100 * counts / counts.sum(axis=1, keepdims=True)
    figure = new_figure(max(2.2 + CELL * number, TITLE), 1.7 + 0.75 * number)
    panel = figure.subplots()
    image = panel.imshow(
        np.ma.masked_invalid(per_cent), cmap=COLOURS, vmin=0, vmax=100, aspect='auto'
    )
    for true in range(number):
        if not counts[true].any():
            panel.text((number - 1) / 2, true, 'no images', ha='center', va='center')
            continue
        for predicted in range(number):
            value = per_cent[true, predicted]
            panel.text(
                predicted,
                true,
                f'{value:.1f}\n({counts[true, predicted]:,})',
                ha='center',
                va='center',
                fontsize=10.5,
                fontweight='bold' if true == predicted else 'normal',
                color='white' if value > 55 else 'black',
            )
    panel.set_xticks(range(number), stacked(classes), fontsize=11)
    panel.set_yticks(range(number), classes)
    panel.tick_params(length=0)
    for spine in panel.spines.values():
        spine.set_visible(False)
    # white lines between the cells
    panel.set_xticks(np.arange(number - 1) + 0.5, minor=True)
    panel.set_yticks(np.arange(number - 1) + 0.5, minor=True)
    panel.grid(which='minor', color='white', linewidth=2)
    panel.tick_params(which='minor', length=0)
    panel.set_xlabel('predicted class')
    panel.set_ylabel('true class')
    panel.set_title('\n'.join(_title(labels, pred_labels, number)), loc='left', pad=12)
    bar = figure.colorbar(image, ax=panel, fraction=0.05, pad=0.02)
    bar.set_label('% of the true class')
    bar.outline.set_visible(False)  # type: ignore[operator]  # stub: not a Spine
    return figure


def _title(labels: np.ndarray, pred_labels: np.ndarray, number: int) -> list[str]:
    metrics = evaluate(labels, pred_labels, number)
    lines = [
        f'{title} {one.value:.2f} % (95 % interval {interval_text(one.interval)})'
        for title, one in (
            ('overall accuracy', metrics.overall_accuracy),
            ('mean class accuracy', metrics.mean_class_accuracy),
        )
    ]
    lines[0] += f', {len(labels):,} images'
    return lines
