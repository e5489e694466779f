"""Show a progress bar for what takes long: many images, large files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.console import Console
from rich.text import Text


class RateColumn(bars.ProgressColumn):
    """A column with the steps per second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: bars.Task) -> Text:
        speed = task.finished_speed or task.speed
        if speed is None:
            return Text('')
        return Text(f'{speed:.0f} {self.unit}/s' if speed >= 20 else f'{speed:.1f} {self.unit}/s')


class QuietConsole(Console):
    """A console that goes quiet when nobody reads it (``2>&1 | head``); rich's exits."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


@contextmanager
def progress(
    title: str, total: int | None, unit: str = 'images', shown: bool = True
) -> Iterator[Callable[..., None]]:
    """Show a progress bar with count, rate and time left on stderr.

    Args:
        title (str): Text before the bar.
        total (int, optional): Number of steps, None if unknown.
        unit (str): What one step is, for the rate. Defaults to 'images'.
        shown (bool): Show the bar; False in all but one of several processes. Defaults to True.

    Yields:
        Callable: Call it with the number of steps done, 1 by default; ``total=N``
            changes the total.
    """
    columns = (
        bars.TextColumn('{task.description}', markup=False),  # a file name is not markup
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        RateColumn(unit),
        bars.TimeRemainingColumn(),
    )
    console = QuietConsole(stderr=True)
    # rich's default of ten redraws a second slows a computation on two cores down by up to 5 %
    with bars.Progress(
        *columns,
        console=console,
        disable=not shown,
        auto_refresh=console.is_terminal,
        refresh_per_second=2,
    ) as bar:
        task = bar.add_task(title, total=total)
        yield lambda steps=1, total=None: bar.update(task, advance=steps, total=total)
