"""Tables of plain text: for a terminal, and as Markdown.

In: a head and rows of texts. Out: a rich table, or lines.
"""

from collections.abc import Collection, Iterable, Sequence

from rich.table import Table


def terminal_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    left: Collection[str],
    title: str | None = None,
    caption: str | None = None,
) -> Table:
    """Return a table whose columns named in ``left`` are aligned left, the others right."""
    table = Table(title=title, caption=caption)
    for name in head:
        table.add_column(name, justify="left" if name in left else "right")
    for row in rows:
        table.add_row(*row)
    return table


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; the cells must be safe inside one."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    return [lines[0], "|" + " --- |" * len(head), *lines[1:]]
