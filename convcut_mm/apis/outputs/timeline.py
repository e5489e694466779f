"""The probabilities of a video's faces over time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ...utils.colours import OKABE_ITO
from ...utils.plotting import new_figure, styled
from ...utils.text import printable

MOST_PERSONS = 3
POINTS = 2000  # more can't be told apart on paper
LIKELIEST, OTHER = OKABE_ITO[0], '#B9C2C8'


class Timeline:
    """Collects a video's results.

    Args:
        classes (Sequence[str]): Class names.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        # of each person's number: times, probabilities
        self._tracks: dict[int, tuple[list[float], list[np.ndarray]]] = {}
        self._times: list[float] = []

    def add(self, result: dict[str, Any]) -> None:
        """Add the result of a frame."""
        if result.get('time') is None or result['error']:
            return
        self._times.append(result['time'])
        for face in result['faces']:
            times, rows = self._tracks.setdefault(face['track'], ([], []))
            times.append(result['time'])
            rows.append(np.array(list(face['probabilities'].values()), np.float32))

    def __len__(self) -> int:
        return len(self._tracks)

    def figure(self, title: str) -> Figure:
        """Plot a panel per class for each of the three persons longest in sight.

        Args:
            title (str): What stands above.
        """
        return _plot(
            printable(title), self.classes, self._longest(), self._times, len(self._tracks)
        )

    def _longest(self) -> list[tuple[int, np.ndarray, np.ndarray]]:
        longest = sorted(self._tracks, key=lambda number: -len(self._tracks[number][0]))
        return [
            (number, np.array(self._tracks[number][0]), np.stack(self._tracks[number][1]))
            for number in sorted(longest[:MOST_PERSONS])
        ]


@styled
def _plot(
    title: str,
    classes: tuple[str, ...],
    tracks: list[tuple[int, np.ndarray, np.ndarray]],
    times: list[float],
    number: int,
) -> Figure:
    rows = len(classes) * len(tracks)
    figure = new_figure(9, max(2.6, 0.36 * rows + 0.35 * len(tracks) + 0.9))
    panels = figure.subplots(rows, 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    gap = 3 * float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    for place, (person, seconds, probabilities) in enumerate(tracks):
        seconds, probabilities = thinned(*with_gaps(seconds, probabilities, gap))
        known = np.nan_to_num(probabilities, nan=-1)
        labels = known.argmax(axis=1)
        for index, name in enumerate(classes):
            axes = panels[place * len(classes) + index]
            values = probabilities[:, index]
            axes.fill_between(seconds, 0, values, color=OTHER, linewidth=0)
            # the likeliest class's stretches are darker too, not only of another hue
            axes.fill_between(
                seconds, 0, values, where=labels == index, color=LIKELIEST, linewidth=0
            )
            axes.plot(
                seconds, 0 * values, color='0.5', linewidth=1, clip_on=False
            )  # none out of sight
            axes.set_ylabel(name, rotation=0, ha='right', va='center', parse_math=False)
            axes.set_ylim(-0.03, 1.05)
            axes.set_yticks([])
            axes.tick_params(bottom=False)
            axes.spines[:].set_visible(False)
        if number > 1:
            panels[place * len(classes)].set_title(
                f'person {person}', loc='left', fontsize=11, fontweight='bold'
            )
    last = panels[-1]
    last.set_xlim(min(times), max(max(times), min(times) + 1e-3))
    last.tick_params(bottom=True)
    last.xaxis.set_major_formatter(lambda seconds, _: clock(seconds, max(times)))
    unit = 'min:s' if max(times) >= 60 else 's'
    last.set_xlabel(f'time in the video ({unit}); full height is 100 %, no line: out of sight')
    more = f'; the {MOST_PERSONS} longest in sight of {number}' if number > MOST_PERSONS else ''
    figure.suptitle(
        f'{title}: probability of each expression, blue where it is the answer{more}',
        parse_math=False,  # a name may hold dollar signs
    )
    return figure


def clock(seconds: float, longest: float) -> str:
    """A time for the axis: seconds, or minutes and seconds."""
    if longest < 60:
        return f'{seconds:g}'
    minutes, rest = divmod(round(seconds), 60)
    return f'{minutes}:{rest:02d}'


def with_gaps(
    times: np.ndarray, probabilities: np.ndarray, gap: float
) -> tuple[np.ndarray, np.ndarray]:
    """Put a row without values wherever a face was out of sight for longer than ``gap``."""
    places = np.flatnonzero(np.diff(times) > gap) + 1
    gaps = np.insert(probabilities, places, np.nan, axis=0)
    return np.insert(times, places, times[places - 1]), gaps


def thinned(times: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of neighbours, so that at most 2,000 points are drawn."""
    step = -(-len(times) // POINTS)
    if step == 1:
        return times, probabilities
    starts = range(0, len(times), step)
    with np.errstate(all='ignore'):
        means = [
            np.nanmean(part, axis=0)
            if np.isfinite(part).any()
            else np.full(probabilities.shape[1], np.nan)
            for part in (probabilities[start : start + step] for start in starts)
        ]
    return times[::step], np.array(means)
