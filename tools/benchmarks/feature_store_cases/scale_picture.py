"""The picture of the case ``scale``: time and memory against rows."""

from pathlib import Path

import numpy as np
from matplotlib.ticker import FuncFormatter, NullLocator

from convcut_mm.utils.plotting import class_style, new_figure, save, styled


@styled
def draw(
    rows: list[int], found: dict[int, list[dict]], fits: dict[int, dict], out: Path
) -> list[Path]:
    """Draw the times of each number of ranks and the memory; dashes are in proportion to rows."""
    figure = new_figure(12, 4.2)
    panels = figure.subplots(1, len(found) + 1)
    for panel, (ranks, measured) in zip(panels, found.items()):
        for number, step in enumerate(measured[0]['cpu']):
            medians = [np.median(one['cpu'][step]) for one in measured]
            slope, low, high = fits[ranks][step]
            label = f'{step}: {slope:.2f} ({low:.2f} to {high:.2f})'
            panel.plot(rows, medians, label=label, **class_style(number))
            exact = medians[-1] * np.array(rows) / rows[-1]
            panel.plot(rows, exact, '--', color='grey', linewidth=0.8, zorder=0)
        panel.set(xscale='log', yscale='log', xlabel='rows', ylabel='CPU seconds of a rank')
        panel.set_title('one process' if ranks == 1 else f'{ranks} ranks')
        bottom, top = panel.get_ylim()
        panel.set_ylim(bottom, 12 * top)  # the legend stands above the lines
        panel.legend(title='exponent (95 %)', fontsize=8, title_fontsize=8, loc='upper left')
    for number, (ranks, measured) in enumerate(found.items()):
        peaks = [max(map(max, one['memory'].values())) / 1e6 for one in measured]
        each = fits[ranks]['memory']['bytes_per_row']
        name = 'one process' if ranks == 1 else f'each of {ranks} ranks'
        label = f'{name}: {each:.0f} bytes a row'
        panels[-1].plot(rows, peaks, label=label, **class_style(number))
    panels[-1].set(xlabel='rows', ylabel='MB over the start', xlim=(0, None), ylim=(0, None))
    panels[-1].set_title('anonymous memory, at most')
    panels[-1].legend(fontsize=8)
    for panel in panels:
        panel.set_xticks(rows)
        panel.xaxis.set_minor_locator(NullLocator())
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f'{value / 1000:g}k'))
    return save(figure, out)
