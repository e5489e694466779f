"""Style and save figures: text sizes, colours for colour-blind readers, PNG and SVG files."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from matplotlib import rc_context
from matplotlib.figure import Figure

from ..errors import ConvcutError
from .atomic import write_atomically
from .colours import OKABE_ITO

# tell classes apart without colour; 11 and 8 share no divisor, so there are 88 pairs
MARKERS = ('o', 's', '^', 'D', 'v', 'P', 'X', 'p', '<', '>', 'h')
WRONG = OKABE_ITO[3]  # for wrong predictions, always together with a cross
SEQUENTIAL = 'viridis'
FORMATS = ('png', 'svg')

STYLE = {
    'font.size': 11,
    'font.family': ['DejaVu Sans'],
    'axes.titlesize': 12,
    'axes.labelsize': 11,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'xtick.labelsize': 10,
    'ytick.labelsize': 11,
    'legend.fontsize': 11,
    'legend.frameon': False,
    'figure.titlesize': 13,
    'savefig.dpi': 200,
    'svg.fonttype': 'none',  # keep text as text, to search and edit it
    'svg.hashsalt': 'convcut_mm',  # write equal figures as equal files
}
# decorate every function that creates artists: they read the style when they are created
styled = rc_context(STYLE)


def new_figure(width: float, height: float, of_images: bool = False) -> Figure:
    """Create an empty figure that makes room for its labels.

    Args:
        width (float): Inches.
        height (float): Inches.
        of_images (bool): Keep the proportions of the panels, for images. Defaults to False.
    """
    # 'constrained' measures labels before images shrink to their proportions, and cuts them off
    layout: Literal['compressed', 'constrained'] = 'compressed' if of_images else 'constrained'
    return Figure(figsize=(width, height), layout=layout)


def class_style(index: int) -> dict[str, str]:
    """Return the colour and marker of a class, unique among the first 88 classes.

    Args:
        index (int): Index of the class.

    Returns:
        dict: ``color`` and ``marker``.
    """
    return dict(color=OKABE_ITO[index % len(OKABE_ITO)], marker=MARKERS[index % len(MARKERS)])


def stacked(names: Sequence[str]) -> list[str]:
    """Break names into one word per line, to keep them horizontal in narrow places."""
    return [str(name).replace(' ', '\n') for name in names]


def output_paths(out: str | Path) -> list[Path]:
    """Return the paths of a figure's files.

    Args:
        out (str | Path): Path without suffix; a suffix .png or .svg is ignored.

    Returns:
        list[Path]: One path for each of ``FORMATS``.
    """
    out = Path(out)
    if out.suffix[1:].lower() in FORMATS:
        out = out.with_suffix('')
    if not out.name or out.is_dir():
        raise ConvcutError(f'--out {out}: expected a path that ends in a name for the picture')
    # not with_suffix, which would cut a name such as convcut.v2
    return [out.with_name(f'{out.name}.{kind}') for kind in FORMATS]


@styled
def save(figure: Figure, out: str | Path) -> list[Path]:
    """Write a figure as PNG and SVG, each atomically.

    Args:
        figure (Figure): The figure.
        out (str | Path): See :func:`output_paths`; missing folders are created.

    Returns:
        list[Path]: The files.
    """
    paths = output_paths(out)
    for path, kind in zip(paths, FORMATS):
        content = io.BytesIO()
        # without a date equal figures are equal files
        figure.savefig(content, format=kind, metadata={'Date': None} if kind == 'svg' else None)
        write_atomically(path, content.getvalue())
    return paths
