"""Tables on the terminal, in which a name is a name whatever it looks like."""

import sys

from rich.console import Console
from rich.table import Table


def print_table(table: Table) -> None:
    """Print a table to stdout; ``[/red]`` or ``:smile:`` in a cell stay as they are."""
    # a pipe has no width: whole lines for grep
    width = None if sys.stdout.isatty() else 240
    Console(width=width, markup=False, emoji=False).print(table)
