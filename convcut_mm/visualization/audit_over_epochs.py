"""Plot audits of several trainings over their epochs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..errors import ConvcutError
from ..evaluation.batch_audit import ALONE, CLASS_ORDERED, SHUFFLED
from ..utils.plotting import MARKERS, OKABE_ITO, new_figure, styled
from .line_labels import LineLabel, label_lines

WIDTH, HEIGHT, PANEL = 8, 5.2, 3.8  # inches, of a figure and of one panel of several
BLACK, GREY = OKABE_ITO[7], '#595959'
COLORS = {ALONE: BLACK, SHUFFLED: OKABE_ITO[0], CLASS_ORDERED: OKABE_ITO[3]}
NAMES = {ALONE: 'each alone', SHUFFLED: 'shuffled', CLASS_ORDERED: 'class by class'}
LINE_COLORS = tuple(color for color in OKABE_ITO if color != '#F0E442')  # yellow is too light
# by rank of the batch size, the largest first: lines of one colour stay apart in grey print
DASHES: tuple[Any, ...] = ('-', (0, (5, 1.5)), (0, (1, 1)), (0, (3, 1, 1, 1)))
OWN_MARKERS = {ALONE: 'o', SHUFFLED: 'sphH', CLASS_ORDERED: 'DvXP'}
PER_IMAGE = dict(color=OKABE_ITO[2], ls=(0, (4, 1.5, 1, 1.5)), marker='^')
SHOWN = {SHUFFLED: (32,), CLASS_ORDERED: (16, 32, 256)}


def audit_figures(
    trainings: Sequence[dict[str, Any]],
    row: str | None = None,
    paper: Sequence[tuple[str, float]] = (),
    title: str | None = None,
) -> dict[str, Figure]:
    """Plot the audit of several configs.

    Args:
        trainings (Sequence[dict]): Of :func:`~convcut_mm.evaluation.batch_audit.training_record`.
        row (str, optional): Title of the one to show with all kinds of batches. Defaults to the
            first that depends on the batch.
        paper (Sequence[tuple[str, float]]): See :func:`plot_epochs`. Defaults to ().
        title (str, optional): Title of the pictures. Defaults to their own.

    Returns:
        dict[str, Figure]: By the end of their names: '' for :func:`plot_epochs`, and '_gain' for
        :func:`plot_gains`, if a row depends on the batch.

    Raises:
        ConvcutError: No such row, or see the two functions.
    """
    dependent = [one for one in trainings if one['depends_on_batch']]
    titles = [one['title'] for one in trainings]
    if row is not None and row not in titles:
        raise ConvcutError(f'{row}: no such row; there are {", ".join(titles)}')
    shown = (dependent or list(trainings))[0] if row is None else trainings[titles.index(row)]
    others = [one for one in trainings if not one['batch_dependent'] and one is not shown]
    figures = {'': plot_epochs(shown, others, paper, title)}
    if dependent:
        figures['_gain'] = plot_gains(dependent, title)
    return figures


@styled
def plot_epochs(
    training: dict[str, Any],
    per_image: Sequence[dict[str, Any]] = (),
    paper: Sequence[tuple[str, float]] = (),
    title: str | None = None,
) -> Figure:
    """Plot the accuracy of the same weights over the epochs, for each kind of batch.

    Lines are means over the trainings, bands reach from the lowest training to the highest.

    Args:
        training (dict): Of :func:`~convcut_mm.evaluation.batch_audit.training_record`. Shown are
            images alone, shuffled batches of 32 and class-ordered ones of 16, 32 and 256; or all
            sizes of an order that has none of these.
        per_image (Sequence[dict]): More of them, of which only the accuracy alone is shown, such
            as rows trained without batch attention. Defaults to ().
        paper (Sequence[tuple[str, float]]): Published results as horizontal lines: what, and the
            accuracy in per cent. Defaults to ().
        title (str, optional): Title of the figure. Defaults to the training's.

    Raises:
        ConvcutError: No epoch that all trainings have.
    """
    figure = new_figure(WIDTH, HEIGHT)
    axes = figure.subplots()
    labels, seen = [], [value for _, value in paper]
    for place in shown_places(training):
        style = _style(place, training)
        name = NAMES[place[0]] + ('' if place[0] == ALONE else f', {place[1]}')
        labels.append(_line(axes, training, place, 'accuracy', name, style, seen))
    for other in per_image:
        labels.append(_line(axes, other, (ALONE, 1), 'accuracy', other['title'], PER_IMAGE, seen))
    _finish(axes, seen, 'accuracy (%)')
    for what, value in paper:
        axes.axhline(value, color=GREY, lw=0.9, ls=(0, (2, 2)), zorder=0)
        end = training['epochs'][-1]['epoch']
        labels.append(LineLabel((end, value), f'{what}\N{NO-BREAK SPACE}{value:.2f}', GREY))
    label_lines(axes, labels, HEIGHT)
    axes.set_title(_caption(training, title), loc='left')
    return figure


@styled
def plot_gains(trainings: Sequence[dict[str, Any]], title: str | None = None) -> Figure:
    """Plot what class order adds to the accuracy over the epochs, and the learnt readings.

    Args:
        trainings (Sequence[dict]): As for :func:`plot_epochs`, one line each.
        title (str, optional): Title of the figure. Defaults to what is shown.

    Returns:
        Figure: A panel for the accuracy in the largest class-ordered batches minus that alone, and
        one for each reading, such as a learnt scale of the attention.

    Raises:
        ConvcutError: No training, one without class-ordered batches, or one without epochs.
    """
    if not trainings:
        raise ConvcutError('no training depends on the batch, so class order adds nothing')
    sizes = {_largest(training) for training in trainings}
    size = str(sizes.pop()) if len(sizes) == 1 else 'most images'
    names = list(dict.fromkeys(name for one in trainings for name in _readings(one)))
    figure = new_figure(WIDTH, PANEL * (1 + len(names)))
    panels = figure.subplots(1 + len(names), 1, sharex=True, squeeze=False)[:, 0]
    for axes, what in zip(panels, ('gain', *names)):
        labels, seen = [], [0.0]
        for number, training in enumerate(trainings):
            style = dict(
                color=LINE_COLORS[number % len(LINE_COLORS)],
                marker=MARKERS[number % len(MARKERS)],
                ls=DASHES[number % len(DASHES)],
            )
            if what == 'gain':
                place = (CLASS_ORDERED, _largest(training))
                labels.append(_line(axes, training, place, what, training['title'], style, seen))
            elif what in _readings(training):
                labels.append(_line(axes, training, None, what, training['title'], style, seen))
        gained = f'class by class, {size} a batch,\nminus alone (points of accuracy)'
        _finish(axes, seen, gained if what == 'gain' else what)
        axes.axhline(0, color=GREY, lw=0.9)
        label_lines(axes, labels, PANEL)
        if axes is not panels[-1]:
            axes.set_xlabel('')
    panels[0].set_title(title or 'What the order of the test images adds', loc='left')
    return figure


def shown_places(training: dict[str, Any]) -> list[tuple[str, int]]:
    """Return order and batch size of the lines of :func:`plot_epochs`.

    Raises:
        ConvcutError: No epoch that all trainings have.
    """
    if not training['epochs']:
        raise ConvcutError(
            f'{training["title"]}: its trainings have no epoch in common; keep all checkpoints '
            '(default_hooks.checkpoint.max_keep_ckpts=-1)'
        )
    places = [(one['order'], one['batch_size']) for one in training['epochs'][0]['batches']]
    found = [(ALONE, 1)]
    for order in (SHUFFLED, CLASS_ORDERED):
        sizes = [size for name, size in places if name == order]
        wanted = [size for size in sizes if size in SHOWN[order]] or sizes
        found += [(order, size) for size in wanted]
    return found


def _style(place: tuple[str, int], training: dict[str, Any]) -> dict[str, Any]:
    order, size = place
    sizes = sorted((s for name, s in shown_places(training) if name == order), reverse=True)
    rank = sizes.index(size)
    markers = OWN_MARKERS[order]
    return dict(
        color=COLORS[order], ls=DASHES[rank % len(DASHES)], marker=markers[rank % len(markers)]
    )


def _line(
    axes: Axes,
    training: dict[str, Any],
    place: tuple[str, int] | None,
    what: str,
    name: str,
    style: dict[str, Any],
    seen: list[float],
) -> LineLabel:
    """Draw means and the band of one line; note its values; return its label."""
    shown_places(training)  # it has epochs
    epochs = [one['epoch'] for one in training['epochs']]
    rows = [_seeds(one, place, what) for one in training['epochs']]
    means, lows, highs = (np.array([f(row) for row in rows]) for f in (np.mean, np.min, np.max))
    axes.fill_between(epochs, lows, highs, color=style['color'], alpha=0.15, lw=0)
    axes.plot(epochs, means, lw=1.8, ms=4, label=name, **style)
    seen += [*lows, *highs]
    digits = '.2f' if place is None else '.1f'
    return LineLabel(
        (epochs[-1], float(means[-1])),
        f'{name}:\N{NO-BREAK SPACE}{means[-1]:{digits}}',
        style['color'],
    )


def _seeds(epoch: dict[str, Any], place: tuple[str, int] | None, what: str) -> list[float]:
    if place is None:
        return epoch['readings'][what]['seeds']
    for one in epoch['batches']:
        if (one['order'], one['batch_size']) == place:
            return one[what]['seeds']
    raise ConvcutError(f'epoch {epoch["epoch"]}: not audited in {place[0]} batches of {place[1]}')


def _readings(training: dict[str, Any]) -> list[str]:
    return list(training['epochs'][0]['readings']) if training['epochs'] else []


def _largest(training: dict[str, Any]) -> int:
    places = shown_places(training)
    sizes = [size for order, size in places if order == CLASS_ORDERED]
    if not sizes:
        raise ConvcutError(f'{training["title"]}: not audited in class-ordered batches')
    return max(sizes)


def _finish(axes: Axes, seen: Sequence[float], label: str) -> None:
    low, high = min(seen), max(seen)
    margin = 0.06 * (high - low) or 1.0
    axes.set_ylim(low - margin, high + margin)
    axes.margins(x=0.02)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel('epochs of training')
    axes.set_ylabel(label)
    axes.grid(axis='y', alpha=0.25)
    axes.set_xlim(axes.get_xlim())  # labels do not move it


def _caption(training: dict[str, Any], title: str | None) -> str:
    count = len(training['seeds'])
    trainings = 'one training' if count == 1 else f'{count} trainings'
    return (
        f'{title or training["title"]}\nthe same weights, {training["images"]:,} test images '
        f'batched in several ways; {trainings}'
    )
