"""Print tables on the terminal, without treating names as markup."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table


def print_table(table: Table) -> None:
    """Print a table to stdout; ``[/red]`` or ``:smile:`` in a cell is plain text."""
    # keep lines whole in a pipe, for grep
    width = None if sys.stdout.isatty() else 240
    Console(width=width, markup=False, emoji=False).print(table)


def print_rows(rows: Sequence[Sequence[str]]) -> None:
    """Print rows as a table; the first is its header, all columns but the first hold numbers."""
    table = Table(box=None, pad_edge=False)
    for index, title in enumerate(rows[0]):
        table.add_column(title, justify='right' if index else 'left')
    for row in rows[1:]:
        table.add_row(*row)
    print_table(table)
