"""The progress bar of everything that takes long: many images, large files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.console import Console
from rich.text import Text


class RateColumn(bars.ProgressColumn):
    """Images a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: bars.Task) -> Text:
        speed = task.finished_speed or task.speed
        if speed is None:
            return Text('')
        return Text(f'{speed:.0f} {self.unit}/s' if speed >= 20 else f'{speed:.1f} {self.unit}/s')


class QuietConsole(Console):
    """A console that nobody need read: rich ends the program when ``2>&1 | head`` does."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


@contextmanager
def progress(
    title: str, total: int | None, unit: str = 'images', shown: bool = True
) -> Iterator[Callable]:
    """A bar on stderr with count, rate and time left.

    Args:
        title (str): What is being done.
        total (int, optional): Number of steps, None if it is not known.
        unit (str): What a step is, for the rate. Defaults to 'images'.
        shown (bool): False for all but one of several processes. Defaults to True.

    Yields:
        callable: Takes that many steps, one by default.
    """
    columns = (
        bars.TextColumn('{task.description}', markup=False),  # it may name a user's file
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        RateColumn(unit),
        bars.TimeRemainingColumn(),
    )
    console = QuietConsole(stderr=True)
    # rich's ten redraws a second cost a computation on two cores up to 5 %
    redraw = dict(auto_refresh=console.is_terminal, refresh_per_second=2)
    with bars.Progress(*columns, console=console, disable=not shown, **redraw) as bar:
        task = bar.add_task(title, total=total)
        yield lambda steps=1: bar.advance(task, steps)
