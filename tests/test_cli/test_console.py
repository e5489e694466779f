"""Names on the terminal are not treated as markup."""

from rich.table import Table

from convcut_mm.cli.console import print_table
from convcut_mm.utils.progress import progress

ODD = '[/red] [b]x[/b] :smile:'


def test_tables(capsys):
    table = Table()
    table.add_column(ODD)
    table.add_row(ODD)
    print_table(table)
    assert capsys.readouterr().out.count(ODD) == 2


def test_progress(capsys):
    with progress(ODD, 1) as step:
        step()
    assert ODD in capsys.readouterr().err
