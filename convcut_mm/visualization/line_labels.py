"""Label lines at their right ends, without overlaps."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes

WIDTH = 24  # characters of a line of a label


class LineLabel(NamedTuple):
    """A label: end of the line as (x, y), text, colour."""

    end: tuple[float, float]
    text: str
    color: str


def label_lines(axes: Axes, labels: Sequence[LineLabel], height: float, size: float = 10) -> None:
    """Write labels right of the panel, in the order of the lines' ends, with leaders.

    Call it once the limits are set. Each label stands beside its line's end, or as near as the
    others let it.

    Args:
        axes (Axes): The panel.
        labels (Sequence[LineLabel]): The labels.
        height (float): Height of the panel with its title and ticks, inches.
        size (float): Of the text, points. Defaults to 10.
    """
    low, high = axes.get_ylim()
    height *= 0.8 * 72  # points; constrained layout leaves about this fraction to the lines
    texts = [textwrap.wrap(one.text, WIDTH) or [''] for one in labels]
    wanted = [(one.end[1] - low) / (high - low) * height for one in labels]
    needed = [1.25 * size * len(lines) for lines in texts]
    places = spread(wanted, needed, height)
    right = axes.get_xlim()[1]
    for label, lines, place in zip(labels, texts, places):
        y = low + place / height * (high - low)
        axes.annotate(
            '\n'.join(lines),
            label.end,
            xytext=(right, y),
            textcoords='data',
            color=label.color,
            fontsize=size,
            va='center',
            annotation_clip=False,
            arrowprops=dict(
                arrowstyle='-', color=label.color, lw=0.7, shrinkA=0, shrinkB=3, relpos=(0, 0.5)
            ),
        )


def spread(wanted: Sequence[float], needed: Sequence[float], height: float) -> list[float]:
    """Move middles apart as little as possible, so that no two intervals overlap.

    Args:
        wanted (Sequence[float]): Middle of each interval.
        needed (Sequence[float]): Its length.
        height (float): All of them lie between 0 and this, if they fit.

    Returns:
        list[float]: The middles, in the given order.
    """
    order = sorted(range(len(wanted)), key=lambda number: wanted[number])
    # groups of touching intervals: members, and the bottom of the lowest one
    groups: list[tuple[list[int], float]] = []
    for number in order:
        members, bottom = [number], wanted[number] - needed[number] / 2
        while True:
            length = sum(needed[one] for one in members)
            bottom = max(0.0, min(bottom, height - length))
            if not groups:
                break
            below, start = groups[-1]
            if start + sum(needed[one] for one in below) <= bottom:
                break
            groups.pop()
            members = below + members
            # the group's place that moves its members least, in squares
            offset, shifts = 0.0, []
            for one in members:
                shifts.append(wanted[one] - needed[one] / 2 - offset)
                offset += needed[one]
            bottom = sum(shifts) / len(shifts)
        groups.append((members, bottom))
    places = [0.0] * len(wanted)
    for members, bottom in groups:
        for one in members:
            places[one] = bottom + needed[one] / 2
            bottom += needed[one]
    return places
