"""The headline table of a summary: for a terminal, and as the short Markdown page of a run.

In: a summary table. Out: a rich table, or Markdown; the same numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from rich.table import Table

from conf.schema import METRICS
from pipeline.report.format import TITLES
from pipeline.stats.composite import OVERALL

HEADLINES = (OVERALL, *METRICS)
_SHOWN = ("overall", "specialty")  # group kinds of the printed table


@dataclass(frozen=True)
class Line:
    """One group with its headline cells, as text."""

    group: str
    dialogues: int
    failed: int
    cells: tuple[str, ...]


def summary_table(summary: pa.Table) -> Table:
    """Return the headline table for a terminal."""
    table = Table(caption="percent, interval over patients; hallucination: lower is better")
    for name in ("Group", "Dialogues", "Failed", *(TITLES[m] for m in HEADLINES)):
        table.add_column(name, justify="left" if name == "Group" else "right")
    for line in lines(summary):
        table.add_row(line.group, str(line.dialogues), str(line.failed), *line.cells)
    return table


def headline_markdown(summary: pa.Table) -> str:
    """Return the headline table as Markdown."""
    head = ["Group", "Dialogues", "Failed", *(TITLES[m] for m in HEADLINES)]
    out = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for line in lines(summary):
        cells = [line.group, str(line.dialogues), str(line.failed), *line.cells]
        out.append("| " + " | ".join(cells) + " |")
    note = "Percent with the interval over patients. Hallucination: lower is better."
    return "\n".join(["# Evaluation", "", *out, "", note, ""])


def lines(summary: pa.Table) -> Iterator[Line]:
    """Yield all dialogues first, then the specialties."""
    groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in summary.to_pylist():
        if row["group_kind"] in _SHOWN:
            groups.setdefault((row["group_kind"], row["group"]), {})[row["metric"]] = row
    for (_, group), metrics in sorted(groups.items(), key=lambda item: item[0]):
        any_row = next(iter(metrics.values()))
        cells = tuple(_cell(metrics.get(name)) for name in HEADLINES)
        yield Line(group, any_row["n_dialogues"], any_row["n_failed"], cells)


def _cell(row: dict[str, Any] | None) -> str:
    if row is None or row["value"] is None:
        return "n/a"
    if row["ci_low"] is None:
        return f"{100 * row['value']:.1f}"
    return f"{100 * row['value']:.1f} ({100 * row['ci_low']:.1f}-{100 * row['ci_high']:.1f})"
