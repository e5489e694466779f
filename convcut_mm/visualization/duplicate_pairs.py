"""Plot pairs of copies side by side, to see what the search takes for a copy."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from ..evaluation.data_quality import CopiesReport, Pair
from ..utils.image_files import open_image
from ..utils.plotting import WRONG, new_figure, styled

COLUMNS = 6
SIDE = 96  # pixels of an image in the figure


def doubtful_pairs(report: CopiesReport, most: int) -> list[Pair]:
    """Return the pairs to look at first.

    One half are nearly identical ones, the least similar first; the other half identical ones
    with different labels, then any. One half takes the places that the other leaves.

    Args:
        report: The copies.
        most: Number of pairs.
    """
    labels = report.images.labels
    near = sorted(
        (pair for pair in report.pairs if pair.kind != 'identical'),
        key=lambda pair: (pair.correlation, pair.first, pair.second),
    )
    same = sorted(
        (pair for pair in report.pairs if pair.kind == 'identical'),
        key=lambda pair: (
            labels[pair.first] == labels[pair.second]
            or min(labels[pair.first], labels[pair.second]) < 0,
            pair.first,
            pair.second,
        ),
    )
    some = near[: most - min(most // 2, len(same))]
    return some + same[: most - len(some)]


@styled
def plot_duplicate_pairs(report: CopiesReport, pairs: Sequence[Pair]) -> Figure:
    """Plot pairs with split, file and label of each image; different labels are marked.

    Args:
        report: The copies.
        pairs: The pairs, at least one.
    """
    images = report.images
    columns = min(COLUMNS, len(pairs))
    rows = -(-len(pairs) // columns)
    figure = new_figure(2.3 * columns, 1.95 * rows)
    panels = figure.subplots(rows, columns, squeeze=False)
    for panel in panels.flat:
        panel.set_axis_off()
    for panel, pair in zip(panels.flat, pairs):
        both = (pair.first, pair.second)
        panel.imshow(np.hstack([_pixels(images.paths[i]) for i in both]))
        names = [
            images.classes[images.labels[i]] if images.labels[i] >= 0 else 'left out' for i in both
        ]
        what = pair.kind if pair.kind == 'identical' else f'{pair.kind}, {pair.correlation:.4f}'
        differ = len(set(names)) > 1 and min(images.labels[list(both)]) >= 0
        text = ' / '.join(names if len(set(names)) > 1 else names[:1]) + ('  ×' if differ else '')
        files = '\n'.join(
            f'{images.splits[images.split[i]]} {Path(images.paths[i]).name}'[-34:] for i in both
        )
        panel.set_title(
            f'{what}\n{text}', fontsize=8, color=WRONG if differ else 'black', parse_math=False
        )
        panel.text(
            0.5, -0.04, files, fontsize=6.5, ha='center', va='top',
            transform=panel.transAxes, parse_math=False,
        )  # fmt: skip
    return figure


def _pixels(path: str) -> np.ndarray:
    with open_image(path) as image:
        return np.asarray(image.convert('RGB').resize((SIDE, SIDE), Image.Resampling.NEAREST))
