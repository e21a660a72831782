"""The table that lists are shown in."""

from rich.table import Table


def plain_table(*columns: str) -> Table:
    """Return a table without rules and with narrow gaps: a long metric fits into 80 columns."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    return table
