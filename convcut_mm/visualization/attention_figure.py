"""Pictures of Conv-cut's self-attention, one kind for each of its three readings."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from ..apis.classifier import Classifier, LabelledImage
from ..utils.plotting import (
    SEQUENTIAL,
    new_figure,
    stacked,
    styled,
)
from .attention import attention_shares, channel_attention, position_attention
from .face_grid import (
    Row,
    add_scale,
    answer_caption,
    draw_face,
    draw_grid,
    draw_over_face,
    headers,
)

MOST_NUMBERS = 16  # positions up to which each gets its number


@styled
def draw_position_attention(classifier: Classifier, images: Sequence[LabelledImage]) -> Figure:
    """Draws each image and, below it, the attention of its positions over the face."""
    received = [100 * position_attention(classifier, image.path) for image in images]
    most = max(map(np.max, received))

    def draw(axes, i: int) -> None:
        picture, values = classifier.picture(images[i].path), received[i]
        draw_over_face(axes, picture, values, most, smooth=False)
        if values.size <= MOST_NUMBERS:
            height, width = picture.shape[:2]
            for (row, column), value in np.ndenumerate(values):
                axes.text(
                    (column + 0.5) * width / values.shape[1] - 0.5,
                    (row + 0.5) * height / values.shape[0] - 0.5,
                    f'{value:.0f}',
                    ha='center',
                    va='center',
                    color='white' if value < 0.6 * most else 'black',
                    fontweight='bold',
                )

    figure = _draw_with_answers(classifier, images, 'attention', draw)
    positions = received[0].size
    height, width = received[0].shape
    add_scale(
        figure,
        most,
        f'% of the attention that each of {height} x {width} positions gets '
        f'(equal shares: {100 / positions:.1f})',
    )
    return figure


@styled
def draw_channel_attention(classifier: Classifier, images: Sequence[LabelledImage]) -> Figure:
    """Draws each image and, below it, the matrix of its channels; 1 is an equal share."""
    matrices = [channel_attention(classifier, image.path) for image in images]
    matrices = [len(matrix) * matrix for matrix in matrices]
    most = max(map(np.max, matrices))

    def draw(axes, i: int) -> None:
        axes.imshow(matrices[i], cmap=SEQUENTIAL, vmin=0, vmax=most, interpolation='nearest')

    channels = len(matrices[0])
    figure = _draw_with_answers(classifier, images, 'attention between channels', draw)
    add_scale(
        figure,
        most,
        f'weight x {channels} (equal shares: 1)\n{channels} channels, strongest first, '
        'a row for each query',
        colours=SEQUENTIAL,
    )
    return figure


def _draw_with_answers(
    classifier: Classifier, images: Sequence, name: str, draw: Callable
) -> Figure:
    scores = classifier.probabilities([image.path for image in images])
    captions = [
        answer_caption(row, image.label, classifier.classes) for row, image in zip(scores, images)
    ]
    rows = [
        Row('image', lambda axes, i: draw_face(axes, classifier.picture(images[i].path))),
        Row(name, draw, captions),
    ]
    return draw_grid(headers(images, classifier.classes), rows)


@styled
def draw_batch_attention(weights: np.ndarray, labels: np.ndarray, classes: tuple) -> Figure:
    """Draws the matrix of a class-ordered batch.

    Args:
        weights (ndarray): (N, N), see :func:`batch_attention`.
        labels (ndarray): (N,), ascending.
        classes (tuple[str]): Class names.

    Returns:
        Figure: Lines between the classes; in the title where the attention goes.
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
    panel.set_xlabel('images that are attended to')
    panel.set_ylabel('images that attend')
    itself, others, rest = (100 * share for share in attention_shares(weights, labels))
    panel.set_title(
        f'One class-ordered batch of {len(labels)} test images. An image attends\n'
        f'{itself:.0f} % to itself, {others:.0f} % to others of its class, '
        f'{rest:.0f} % to other classes',
        loc='left',
        pad=12,
    )
    bar = figure.colorbar(image, ax=panel, fraction=0.045, pad=0.02)
    bar.set_label('% of the attention of an image')
    bar.outline.set_visible(False)
    return figure
