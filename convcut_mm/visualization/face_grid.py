"""Plot a grid with a column for each face and a row for each kind of picture of it."""

import os
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from PIL import Image

from ..apis.classifier import Classifier, LabelledImage
from ..utils.plotting import WRONG, new_figure

MOST_COLUMNS = 8
CELL = 1.35  # side of a face in inches
# from violet to yellow, which every kind of colour blindness tells apart
HEAT = 'inferno'
OPACITY = 0.1, 0.7  # of the lowest and the highest value; low values leave the face visible


@dataclass
class Caption:
    """The text below a face.

    Attributes:
        text: The predicted class.
        wrong: Whether it is known to be wrong. Defaults to False.
    """

    text: str
    wrong: bool = False


@dataclass
class GridRow:
    """One row of the grid.

    Attributes:
        name: Title on the left of the row.
        plot: Plots the cell of an image; takes its axes and the index of the image.
        captions: A caption below each face. Defaults to None.
    """

    name: str
    plot: Callable[[Axes, int], None]
    captions: list[Caption] | None = None


def headers(images: Sequence[LabelledImage], classes: tuple[str, ...]) -> list[str]:
    """Return a header for each face: its true class, or its file name if that is unknown."""
    return [
        os.path.basename(image.path) if image.label is None else classes[image.label]
        for image in images
    ]


def face_row(classifier: Classifier, images: Sequence[LabelledImage]) -> GridRow:
    """Return the row of the faces themselves, as the model sees them."""

    def plot(axes: Axes, i: int) -> None:
        axes.imshow(classifier.picture(images[i].path), interpolation='bicubic')

    return GridRow('image', plot)


def prediction_caption(
    probabilities: np.ndarray, label: int | None, classes: tuple[str, ...]
) -> Caption:
    """Return the predicted class and its probability.

    Args:
        probabilities (ndarray): (C,).
        label (int, optional): True class, None if unknown.
        classes (tuple[str]): Class names.
    """
    pred_label = int(probabilities.argmax())
    wrong = label is not None and pred_label != label
    cross = '\N{BALLOT X} ' if wrong else ''
    return Caption(f'{cross}{classes[pred_label]}\n{100 * probabilities[pred_label]:.0f} %', wrong)


def prediction_captions(
    probabilities: Sequence[np.ndarray] | np.ndarray,
    images: Sequence[LabelledImage],
    classes: tuple[str, ...],
) -> list[Caption]:
    """Return :func:`prediction_caption` for each of N images with probabilities (N, C)."""
    return [
        prediction_caption(row, image.label, classes) for row, image in zip(probabilities, images)
    ]


def plot_grid(titles: Sequence[str], rows: Sequence[GridRow]) -> Figure:
    """Plot rows of faces; more than eight faces continue in further rows below.

    Args:
        titles (Sequence[str]): A title for each face.
        rows (Sequence[GridRow]): The rows.

    Returns:
        Figure: The cells are ``figure.axes``, from left to right and row by row.
    """
    number = len(titles)
    blocks = -(-number // MOST_COLUMNS)
    columns = -(-number // blocks)
    height = blocks * (0.35 + sum(CELL + (0.45 if row.captions else 0.05) for row in rows))
    figure = new_figure(max(1.3 + (CELL + 0.1) * columns, 5.5), height + 0.8, of_images=True)
    cells = figure.subplots(blocks * len(rows), columns, squeeze=False)
    for cell in cells.flat:
        cell.set_xticks([])
        cell.set_yticks([])
        for spine in cell.spines.values():
            spine.set_visible(False)
    for index in range(number):
        block, column = divmod(index, columns)
        for place, row in enumerate(rows):
            cell = cells[block * len(rows) + place, column]
            row.plot(cell, index)
            if place == 0:
                cell.set_title(textwrap.fill(titles[index], 16), fontsize=11)
            if column == 0:
                cell.set_ylabel(
                    textwrap.fill(row.name, 12),
                    rotation=0,
                    ha='right',
                    va='center',
                    labelpad=8,
                )
            if row.captions:
                caption = row.captions[index]
                cell.set_xlabel(
                    caption.text,
                    fontsize=10,
                    color=WRONG if caption.wrong else 'black',
                    fontweight='bold' if caption.wrong else 'normal',
                    labelpad=3,
                )
    for cell in cells.flat[(blocks - 1) * len(rows) * columns :]:
        if not cell.has_data():
            cell.set_axis_off()
    return figure


def plot_over_face(axes: Axes, picture: np.ndarray, values: np.ndarray, highest: float) -> None:
    """Plot values over a grey face.

    Args:
        axes (Axes): The cell.
        picture (ndarray): (H, W, 3) uint8.
        values (ndarray): (h, w) from 0 to ``highest``, stretched over the whole face.
        highest (float): The value of the brightest colour.
    """
    height, width = picture.shape[:2]
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    grey = np.asarray(Image.fromarray(picture).convert('L'))
    axes.imshow(grey, cmap='gray', vmin=0, vmax=255, interpolation='bicubic', extent=extent)
    axes.imshow(
        values,
        cmap=HEAT,
        vmin=0,
        vmax=highest,
        alpha=OPACITY[0] + (OPACITY[1] - OPACITY[0]) * values / highest,
        interpolation='nearest',
        extent=extent,
    )


def add_scale(
    figure: Figure,
    highest: float,
    label: str,
    ticks: dict[float, str] | None = None,
    colours: str = HEAT,
) -> None:
    """Add a colour bar below the grid.

    Args:
        figure (Figure): The grid.
        highest (float): The value of the brightest colour.
        label (str): What the colour means.
        ticks (dict, optional): Tick labels by value. Defaults to matplotlib's choice.
        colours (str): Colour map. Defaults to that of :func:`plot_over_face`.
    """
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, highest), colours),
        ax=figure.axes,
        location='bottom',
        fraction=0.03,
        aspect=45,
        pad=0.02,
        label=label,
    )
    bar.outline.set_visible(False)  # type: ignore[operator]  # stub: not a Spine
    if ticks is not None:
        bar.set_ticks(list(ticks), labels=list(ticks.values()))
