"""The picture of a batch audit: what the batches do to the same weights on the same images."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..evaluation.batch_audit import ALONE, CLASS_ORDERED, SHUFFLED, Audit
from ..utils.plotting import OKABE_ITO, new_figure, styled

# marks and strokes differ too; the larger hollow mark stays visible where both lines coincide
STYLES = {
    CLASS_ORDERED: dict(
        label='class-ordered batches', color=OKABE_ITO[3], marker='s', ms=11, ls='--', mfc='none'
    ),
    SHUFFLED: dict(label='shuffled batches', color=OKABE_ITO[0], marker='o', ms=6, ls='-'),
}
PANELS = {
    'accuracy': 'accuracy (%)',
    'mean_class_accuracy': 'mean class accuracy (%)',
    'changed': 'answers that differ from\nthose given alone (%)',
}


@styled
def draw(audit: Audit, title: str) -> Figure:
    """Accuracy, mean class accuracy and changed answers over the batch size.

    Points are means over seeds and checkpoints, bars their standard deviations; the dotted line is
    the batch of one.

    Args:
        audit (Audit): The audit.
        title (str): Lines above the picture: which model, which images.

    Returns:
        Figure: Three panels.
    """
    figure = new_figure(13, 5)
    figure.suptitle(title)
    panels = figure.subplots(1, len(PANELS))
    for axes, (name, label) in zip(panels, PANELS.items()):
        _draw_panel(axes, audit.rows, name)
        axes.set_ylabel(label)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside lower center', ncols=3)
    return figure


def _draw_panel(axes: Axes, rows: list, name: str) -> None:
    figures = {
        order: [getattr(row, name) for row in rows if row.order == order]
        for order in (ALONE, *STYLES)
    }
    alone = figures[ALONE][0].value
    # (batch sizes, 2): mean and standard deviation
    lines = {
        order: np.array([(one.value, one.spread) for one in figures[order]]) for order in STYLES
    }
    sizes = [row.batch_size for row in rows if row.order == SHUFFLED]
    places = np.arange(len(sizes))  # even steps, whatever the sizes are
    upper = max(lines, key=lambda order: lines[order][:, 0].mean())
    seen = [alone]
    for order, style in STYLES.items():
        means, spreads = lines[order][:, 0], np.nan_to_num(lines[order][:, 1])  # nan: one seed
        axes.errorbar(places, means, yerr=spreads, capsize=4, lw=1.8, **style)
        side = 1 if order == upper else -1  # numbers above the upper line, below the lower one
        for place, mean, spread in zip(places, means, spreads):
            axes.annotate(
                f'{mean:.1f}',
                (place, mean + side * spread),
                xytext=(0, 9 * side),
                textcoords='offset points',
                ha='center',
                va='bottom' if side > 0 else 'top',
                color=style['color'],
            )
        seen += [*(means - spreads), *(means + spreads)]
    axes.axhline(alone, label='batches of one', color='black', ls=':', lw=2)
    axes.annotate(
        f'{alone:.1f}',
        (1, alone),
        xycoords=('axes fraction', 'data'),
        xytext=(4, 0),
        textcoords='offset points',
        va='center',
    )
    axes.set_xticks(places, map(str, sizes))
    axes.set_xlim(-0.5, len(sizes) - 0.5)
    axes.set_xlabel('batch size (images)')
    # room for the numbers; and a model that no batch changes gives a flat line, not its noise
    margin = max(0.18 * (max(seen) - min(seen)), 5.0)
    low, high = min(seen) - margin, max(seen) + margin
    # a share lies between 0 and 100 %, whatever room its numbers take
    ticks = MaxNLocator(8, steps=[1, 2, 5, 10]).tick_values(low, high)
    axes.set_yticks([tick for tick in ticks if 0 <= tick <= 100])
    axes.set_ylim(low, high)
    axes.grid(axis='y', alpha=0.25)
