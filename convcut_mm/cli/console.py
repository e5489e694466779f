"""Print tables on the terminal, without treating names as markup."""

import sys

from rich.console import Console
from rich.table import Table


def print_table(table: Table) -> None:
    """Print a table to stdout; ``[/red]`` or ``:smile:`` in a cell is plain text."""
    # keep lines whole in a pipe, for grep
    width = None if sys.stdout.isatty() else 240
    Console(width=width, markup=False, emoji=False).print(table)
