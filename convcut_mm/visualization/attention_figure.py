"""Plot Conv-cut's self-attention over positions, channels or the batch."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..apis.classifier import Classifier, LabelledImage
from ..utils.plotting import (
    SEQUENTIAL,
    new_figure,
    stacked,
    styled,
)
from .attention import attention_fractions, channel_attention, position_attention
from .face_grid import (
    GridRow,
    add_scale,
    face_row,
    headers,
    plot_grid,
    plot_over_face,
    prediction_captions,
)

MOST_NUMBERS = 16  # largest number of positions that are labelled with their values


@styled
def plot_position_attention(classifier: Classifier, images: Sequence[LabelledImage]) -> Figure:
    """Plot each image and, below it, the attention of its positions over the face."""
    received = [100 * position_attention(classifier, image.path) for image in images]
    highest = float(max(map(np.max, received)))

    def plot(axes: Axes, i: int) -> None:
        picture, values = classifier.picture(images[i].path), received[i]
        plot_over_face(axes, picture, values, highest)
        if values.size <= MOST_NUMBERS:
            height, width = picture.shape[:2]
            for (row, column), value in np.ndenumerate(values):
                axes.text(
                    (column + 0.5) * width / values.shape[1] - 0.5,
                    (row + 0.5) * height / values.shape[0] - 0.5,
                    f'{value:.0f}',
                    ha='center',
                    va='center',
                    color='white' if value < 0.6 * highest else 'black',
                    fontweight='bold',
                )

    figure = _plot_with_predictions(classifier, images, 'attention', plot)
    positions = received[0].size
    height, width = received[0].shape
    add_scale(
        figure,
        highest,
        f'% of the attention that each of {height} x {width} positions receives '
        f'(if equal: {100 / positions:.1f})',
    )
    return figure


@styled
def plot_channel_attention(classifier: Classifier, images: Sequence[LabelledImage]) -> Figure:
    """Plot each image and, below it, the attention between its channels; 1 if it were equal."""
    matrices = [channel_attention(classifier, image.path) for image in images]
    matrices = [len(matrix) * matrix for matrix in matrices]
    highest = float(max(map(np.max, matrices)))

    def plot(axes: Axes, i: int) -> None:
        axes.imshow(matrices[i], cmap=SEQUENTIAL, vmin=0, vmax=highest, interpolation='nearest')

    channels = len(matrices[0])
    figure = _plot_with_predictions(classifier, images, 'attention between channels', plot)
    add_scale(
        figure,
        highest,
        f'weight x {channels} (if equal: 1)\n{channels} channels, strongest first, '
        'one row a query',
        colours=SEQUENTIAL,
    )
    return figure


def _plot_with_predictions(
    classifier: Classifier,
    images: Sequence[LabelledImage],
    name: str,
    plot: Callable[[Axes, int], None],
) -> Figure:
    probabilities = classifier.probabilities([image.path for image in images])
    captions = prediction_captions(probabilities, images, classifier.classes)
    rows = [face_row(classifier, images), GridRow(name, plot, captions)]
    return plot_grid(headers(images, classifier.classes), rows)


@styled
def plot_batch_attention(
    weights: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]
) -> Figure:
    """Plot the attention between the images of a class-ordered batch.

    Args:
        weights (ndarray): (N, N), see :func:`batch_attention`.
        labels (ndarray): (N,), ascending.
        classes (tuple[str]): Class names.

    Returns:
        Figure: A matrix with lines between the classes; the title says where the attention goes.
    """
    present, first, number = np.unique(labels, return_index=True, return_counts=True)
    side = max(6.5, 0.95 * len(present) + 1.2)
    figure = new_figure(side + 1.4, side + 0.6)
    panel = figure.subplots()
    image = panel.imshow(100 * weights, cmap=SEQUENTIAL, vmin=0, interpolation='nearest')
    middles, names = first + (number - 1) / 2, [classes[label] for label in present]
    panel.set_xticks(middles, stacked(names))
    panel.set_yticks(middles, names)
    panel.tick_params(length=0)
    for edge in first[1:] - 0.5:
        panel.axhline(edge, color='white', linewidth=1)
        panel.axvline(edge, color='white', linewidth=1)
    panel.set_xlabel('images that receive attention')
    panel.set_ylabel('images that attend')
    itself, others, rest = (100 * part for part in attention_fractions(weights, labels))
    panel.set_title(
        f'One class-ordered batch of {len(labels)} test images. An image attends\n'
        f'{itself:.0f} % to itself, {others:.0f} % to others of its class, '
        f'{rest:.0f} % to other classes',
        loc='left',
        pad=12,
    )
    bar = figure.colorbar(image, ax=panel, fraction=0.045, pad=0.02)
    bar.set_label('% of the attention of an image')
    bar.outline.set_visible(False)  # type: ignore[operator]  # stub: not a Spine
    return figure
