"""Sections as Markdown: report.md with the same numbers as the page.

In: sections. Out: text. Data is untrusted: what could be markup is escaped.
"""

import re
from collections.abc import Iterator, Sequence

from pipeline.leaderboard.tables import markdown_table
from pipeline.report.blocks import (
    Block,
    Bullets,
    Cell,
    Facts,
    Figure,
    Section,
    Table,
    Text,
    Tiles,
)

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|!~&])")


def markdown(title: str, sections: Sequence[Section]) -> str:
    """Return the whole report."""
    lines = [f"# {escape(title)}", ""]
    for section in sections:
        lines += [f"## {escape(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    return "\n".join(lines)


def escape(text: str) -> str:
    """Return text made safe inside a line or a table cell of Markdown."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _block(block: Block) -> Iterator[str]:
    match block:
        case Text():
            yield escape(block.text)
        case Bullets():
            yield from (f"- {escape(item)}" for item in block.items)
        case Facts():
            yield from (f"- {escape(name)}: {escape(value)}" for name, value in block.items)
        case Tiles():
            for tile in block.tiles:
                interval = f" ({tile.interval})" if tile.interval else ""
                yield f"- **{escape(tile.label)}** {escape(tile.value + interval)}"
        case Figure():
            yield from _table(block.table)
        case Table():
            yield from _table(block)


def _table(table: Table) -> Iterator[str]:
    yield f"{escape(table.caption)}:"
    yield ""
    head = [escape(name) for name in table.head]
    yield from markdown_table(head, [[_cell(cell) for cell in cells] for cells in table.rows])


def _cell(cell: Cell) -> str:
    return escape(f"{cell.text} ({cell.note})" if cell.note else cell.text)
