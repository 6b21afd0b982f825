"""What a report is made of: sections of blocks, written once and rendered as HTML and Markdown.

In: text and numbers already worded. Out: frozen dataclasses. Every string is plain text; renderers
escape it. ``Figure.svg`` alone is markup, and comes from ``pipeline.report.svg.clean``.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Cell:
    """One table cell. ``tone`` is a class of the style sheet, e.g. a step of the heat scale."""

    text: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """A table; the first cell of each row is its header."""

    kind: ClassVar[str] = "table"
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A chart with the table that it was drawn from."""

    kind: ClassVar[str] = "figure"
    svg: str
    table: Table

    @property
    def caption(self) -> str:
        """What the chart shows."""
        return self.table.caption


@dataclass(frozen=True)
class Text:
    """A paragraph; ``note`` sets it as an aside that must not be overlooked."""

    kind: ClassVar[str] = "text"
    text: str
    note: bool = False


@dataclass(frozen=True)
class Facts:
    """Names and values."""

    kind: ClassVar[str] = "facts"
    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Tile:
    """One headline number."""

    label: str
    value: str
    interval: str
    remark: str


@dataclass(frozen=True)
class Tiles:
    """The headline numbers."""

    kind: ClassVar[str] = "tiles"
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    kind: ClassVar[str] = "bullets"
    items: tuple[str, ...]


Block = Table | Figure | Text | Facts | Tiles | Bullets


@dataclass(frozen=True)
class Section:
    """One section; ``id`` is its anchor."""

    id: str
    title: str
    blocks: tuple[Block, ...]


def row(*cells: str | Cell) -> tuple[Cell, ...]:
    """Return a table row of texts and cells."""
    return tuple(c if isinstance(c, Cell) else Cell(c) for c in cells)
