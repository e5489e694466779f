"""The look of every picture: text sizes, colours for colour-blind readers, PNG and SVG files."""

import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from ..errors import ConvcutError
from .atomic import write_atomically

# Okabe and Ito, 'Color Universal Design' (2008); black last, so that few classes need it
OKABE_ITO = (
    '#0072B2',  # blue
    '#E69F00',  # orange
    '#009E73',  # bluish green
    '#D55E00',  # vermilion
    '#56B4E9',  # sky blue
    '#CC79A7',  # reddish purple
    '#F0E442',  # yellow
    '#000000',  # black
)
# a second sign beside the colour; their number shares no divisor with that of the colours
MARKERS = ('o', 's', '^', 'D', 'v', 'P', 'X', 'p', '<', '>', 'h')
WRONG = OKABE_ITO[3]  # marks wrong answers, never alone: a cross stands beside it
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
    'svg.fonttype': 'none',  # text stays text: it can be searched and edited
    'svg.hashsalt': 'convcut_mm',  # the same picture is the same file
}
# decorates everything that makes artists: they take sizes when they are made
styled = rc_context(STYLE)


def new_figure(width: float, height: float, of_images: bool = False) -> Figure:
    """An empty figure that makes room for its labels by itself.

    Args:
        width (float): Inches.
        height (float): Inches.
        of_images (bool): Whether its panels keep proportions, as images do. Defaults
            to False.
    """
    # 'constrained' measures labels before the images shrink to their proportions, and cuts them
    layout = 'compressed' if of_images else 'constrained'
    return Figure(figsize=(width, height), layout=layout)


def class_style(index: int) -> dict:
    """Colour and marker of a class, no two alike among the first 88.

    Args:
        index (int): The class.

    Returns:
        dict: ``color`` and ``marker``.
    """
    return dict(color=OKABE_ITO[index % len(OKABE_ITO)], marker=MARKERS[index % len(MARKERS)])


def stacked(names: Sequence[str]) -> list:
    """Names for narrow places, one word a line, so that they stay horizontal."""
    return [str(name).replace(' ', '\n') for name in names]


def output_paths(out: str | Path) -> list:
    """The files of a picture.

    Args:
        out (str | Path): Path without suffix; .png or .svg at its end is left out.

    Returns:
        list[Path]: One path for each of ``FORMATS``.
    """
    out = Path(out)
    if out.suffix[1:].lower() in FORMATS:
        out = out.with_suffix('')
    if not out.name or out.is_dir():
        raise ConvcutError(f'--out {out}: expected a path that ends in a name for the picture')
    # not with_suffix: names such as convcut.v2 hold dots
    return [out.with_name(f'{out.name}.{kind}') for kind in FORMATS]


@styled
def save(figure: Figure, out: str | Path) -> list:
    """Write a figure as PNG and SVG, each whole or not at all.

    Args:
        figure (Figure): The figure.
        out (str | Path): See :func:`output_paths`; folders are made.

    Returns:
        list[Path]: The files.
    """
    paths = output_paths(out)
    for path, kind in zip(paths, FORMATS):
        content = io.BytesIO()
        # without a date equal pictures are equal files
        figure.savefig(content, format=kind, metadata={'Date': None} if kind == 'svg' else None)
        write_atomically(path, content.getvalue())
    return paths
