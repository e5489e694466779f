"""Faces in columns with something drawn below each: the grid of Grad-CAM and attention."""

import os
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from PIL import Image

from ..apis.classifier import Classifier, LabelledImage
from ..errors import ConvcutError
from ..utils.plotting import WRONG, new_figure
from .sampling import sample_per_class

MOST_COLUMNS = 8
CELL = 1.35  # inches of a face
# over a grey face: from violet to yellow, which every kind of colour blindness keeps apart
HEAT = 'inferno'
OPACITY = 0.1, 0.7  # of no heat and of the most: the face stays visible where there is none


@dataclass
class Caption:
    """What stands below a face.

    Attributes:
        text (str): The answer.
        wrong (bool): Whether it is known to be wrong.
    """

    text: str
    wrong: bool = False


@dataclass
class Row:
    """One row of the grid.

    Attributes:
        name (str): What stands before it.
        draw (callable): Draws cell ``(axes, number of the image)``.
        captions (list[Caption], optional): One below each face.
    """

    name: str
    draw: Callable
    captions: Optional[list] = None


def choose_images(
    classifier: Classifier, per_class: int = 1, seed: int = 0, files: Optional[Sequence] = None
) -> list:
    """Images of the test set, drawn by class, or given files.

    Args:
        classifier (Classifier): Whose test set.
        per_class (int): Images a class. Defaults to 1.
        seed (int): Seed of the draw. Defaults to 0.
        files (Sequence[str], optional): Files to show instead. Their classes are known where
            they are files of the test set.

    Returns:
        list[LabelledImage]: Ordered by class, or as given.
    """
    if files:
        known = _known_labels(classifier)
        return [LabelledImage(str(file), known.get(os.path.abspath(file))) for file in files]
    images = classifier.test_images
    labels = [image.label for image in images]
    return [images[index] for index in sample_per_class(labels, per_class, seed)]


def _known_labels(classifier: Classifier) -> dict:
    try:
        return {os.path.abspath(image.path): image.label for image in classifier.test_images}
    except ConvcutError:  # pictures of one's own need no data set
        return {}


def headers(images: Sequence[LabelledImage], classes: tuple) -> list:
    """What stands above each face: its true class, or the file's name where that is unknown."""
    return [
        os.path.basename(image.path) if image.label is None else classes[image.label]
        for image in images
    ]


def answer_caption(scores: np.ndarray, label: Optional[int], classes: tuple) -> Caption:
    """The answer and its probability.

    Args:
        scores (ndarray): Probabilities, (C,).
        label (int, optional): True class.
        classes (tuple[str]): Class names.
    """
    answer = int(scores.argmax())
    wrong = label is not None and answer != label
    cross = '\N{BALLOT X} ' if wrong else ''
    return Caption(f'{cross}{classes[answer]}\n{100 * scores[answer]:.0f} %', wrong)


def draw_grid(titles: Sequence[str], rows: Sequence[Row]) -> Figure:
    """Draws rows of faces; more than eight faces continue in further rows below.

    Args:
        titles (Sequence[str]): One above each column of the first row.
        rows (Sequence[Row]): The rows.

    Returns:
        Figure: The cells are ``figure.axes`` from left to right, row by row.
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
        cell.spines[:].set_visible(False)
    for index in range(number):
        block, column = divmod(index, columns)
        for place, row in enumerate(rows):
            cell = cells[block * len(rows) + place, column]
            row.draw(cell, index)
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


def draw_face(axes, picture: np.ndarray) -> None:
    """Draws a face, (H, W, 3) uint8, smooth where it is enlarged."""
    axes.imshow(picture, interpolation='bicubic')


def draw_over_face(axes, picture: np.ndarray, values: np.ndarray, most: float, smooth: bool):
    """Draws values over a grey face.

    Args:
        axes (Axes): Where.
        picture (ndarray): (H, W, 3) uint8.
        values (ndarray): (h, w) from 0 to ``most``; laid over the whole face.
        most (float): The value of the brightest colour.
        smooth (bool): Interpolate between the values.
    """
    height, width = picture.shape[:2]
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    grey = np.asarray(Image.fromarray(picture).convert('L'))
    axes.imshow(grey, cmap='gray', vmin=0, vmax=255, interpolation='bicubic', extent=extent)
    axes.imshow(
        values,
        cmap=HEAT,
        vmin=0,
        vmax=most,
        alpha=OPACITY[0] + (OPACITY[1] - OPACITY[0]) * values / most,
        interpolation='bicubic' if smooth else 'nearest',
        extent=extent,
    )


def add_scale(
    figure: Figure, most: float, label: str, ticks: Optional[dict] = None, colours: str = HEAT
) -> None:
    """A colour bar below the grid.

    Args:
        figure (Figure): The grid.
        most (float): The value of the brightest colour.
        label (str): What the colour means.
        ticks (dict, optional): Text by value. Defaults to matplotlib's choice.
        colours (str): Colour map. Defaults to that of :func:`draw_over_face`.
    """
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, most), colours),
        ax=figure.axes,
        location='bottom',
        fraction=0.03,
        aspect=45,
        pad=0.02,
        label=label,
    )
    bar.outline.set_visible(False)
    if ticks is not None:
        bar.set_ticks(list(ticks), labels=list(ticks.values()))
