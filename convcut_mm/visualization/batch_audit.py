"""Plot a batch audit: how batches change the predictions of the same weights and images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..evaluation.batch_audit import ALONE, CLASS_ORDERED, SHUFFLED, Audit, AuditRow
from ..utils.colours import OKABE_ITO
from ..utils.plotting import new_figure, styled

# markers and dashes differ too; a larger hollow marker stays visible where both lines coincide
STYLES: dict[str, dict[str, Any]] = {
    CLASS_ORDERED: dict(
        label='class-ordered batches', color=OKABE_ITO[3], marker='s', ms=11, ls='--', mfc='none'
    ),
    SHUFFLED: dict(label='shuffled batches', color=OKABE_ITO[0], marker='o', ms=6, ls='-'),
}
PANELS = {
    'accuracy': 'accuracy (%)',
    'mean_class_accuracy': 'mean class accuracy (%)',
    'changed': 'predictions that differ from\nthose of single images (%)',
}


@styled
def plot_batch_audit(audit: Audit, title: str) -> Figure:
    """Plot accuracy, mean class accuracy and changed predictions over the batch size.

    Points are means over seeds and checkpoints, error bars standard deviations; the dotted line
    is that of batches of one.

    Args:
        audit (Audit): The audit.
        title (str): Title of the figure: the model and the images.

    Returns:
        Figure: Three panels.
    """
    figure = new_figure(13, 5)
    figure.suptitle(title)
    panels = figure.subplots(1, len(PANELS))
    for axes, (name, label) in zip(panels, PANELS.items()):
        _plot_panel(axes, audit.rows, name)
        axes.set_ylabel(label)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside lower center', ncols=3)
    return figure


def _plot_panel(axes: Axes, rows: Sequence[AuditRow], name: str) -> None:
    estimates = {
        order: [getattr(row, name) for row in rows if row.order == order]
        for order in (ALONE, *STYLES)
    }
    alone = estimates[ALONE][0].value
    # (batch sizes, 2): mean and standard deviation
    lines = {
        order: np.array([(one.value, one.spread) for one in estimates[order]]) for order in STYLES
    }
    sizes = [row.batch_size for row in rows if row.order == SHUFFLED]
    places = range(len(sizes))  # equal steps, whatever the sizes are
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
    # room for the numbers; at least 5, so that a batch-independent model shows as a flat line
    margin = max(0.18 * (max(seen) - min(seen)), 5.0)
    low, high = min(seen) - margin, max(seen) + margin
    # the margin may reach beyond 0 to 100 %, the ticks may not
    ticks = MaxNLocator(8, steps=[1, 2, 5, 10]).tick_values(low, high)
    axes.set_yticks([tick for tick in ticks if 0 <= tick <= 100])
    axes.set_ylim(low, high)
    axes.grid(axis='y', alpha=0.25)
