"""Show a progress bar for what takes long: many images, large files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.console import Console
from rich.text import Text


class RateColumn(bars.ProgressColumn):
    """A column with the steps per second, in the unit of the task."""

    def render(self, task: bars.Task) -> Text:
        speed, unit = task.finished_speed or task.speed, task.fields['unit']
        if speed is None:
            return Text('')
        return Text(f'{speed:.0f} {unit}/s' if speed >= 20 else f'{speed:.1f} {unit}/s')


class QuietConsole(Console):
    """A console that goes quiet when nobody reads it (``2>&1 | head``); rich's exits."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


_shown: bars.Progress | None = None


@contextmanager
def progress(
    title: str, total: int | None, unit: str = 'images', shown: bool = True
) -> Iterator[Callable[..., None]]:
    """Show a progress bar with count, rate and time left on stderr.

    A bar within the block of another stands below it until its block ends.

    Args:
        title (str): Text before the bar.
        total (int, optional): Number of steps, None if unknown.
        unit (str): What one step is, for the rate. Defaults to 'images'.
        shown (bool): Show the bar; False in all but one of several processes. Defaults to True.

    Yields:
        Callable: Call it with the number of steps done, 1 by default; ``total=N``
            changes the total.
    """
    global _shown
    if _shown is not None and shown:  # releases of rich before 14.1 refuse a second display
        task = _shown.add_task(title, total=total, unit=unit)
        try:
            yield _stepper(_shown, task)
        finally:
            _shown.remove_task(task)
        return
    columns = (
        bars.TextColumn('{task.description}', markup=False),  # a file name is not markup
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        RateColumn(),
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
        _shown = bar if shown else None
        try:
            yield _stepper(bar, bar.add_task(title, total=total, unit=unit))
        finally:
            _shown = None


def _stepper(bar: bars.Progress, task: bars.TaskID) -> Callable[..., None]:
    return lambda steps=1, total=None: bar.update(task, advance=steps, total=total)
