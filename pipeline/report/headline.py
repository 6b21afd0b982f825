"""The headline table of a summary: for a terminal, and as the short Markdown page of a run.

In: a summary table. Out: a rich table, or Markdown; the same numbers.
"""

from typing import Any

import pyarrow as pa
from rich.table import Table

from conf.schema import METRICS
from pipeline.leaderboard.tables import markdown_table, terminal_table
from pipeline.report.format import TITLES
from pipeline.stats.composite import OVERALL
from pipeline.stats.percent import FEW_NOTE, NONE, cell, flagged

HEADLINES = (OVERALL, *METRICS)
_HEAD = ("Group", "Dialogues", "Patients", "Failed", *(TITLES[m] for m in HEADLINES))
_SHOWN = ("overall", "specialty")  # group kinds, all dialogues first


def summary_table(summary: pa.Table) -> Table:
    """Return the headline table for a terminal."""
    caption = f"percent, interval over patients; hallucination: lower is better; {FEW_NOTE}"
    return terminal_table(_HEAD, _rows(summary), ("Group",), caption=caption)


def headline_markdown(summary: pa.Table) -> str:
    """Return the headline table as Markdown."""
    note = "Percent with the interval over patients. Hallucination: lower is better."
    note = f"{note} {FEW_NOTE}"
    table = markdown_table(_HEAD, _rows(summary))
    return "\n".join(["# Evaluation", "", *table, "", note, ""])


def _rows(summary: pa.Table) -> list[list[str]]:
    """Return one row of texts per group: its name, dialogues, failed dialogues, and measures."""
    groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in summary.to_pylist():
        if row["group_kind"] in _SHOWN:
            groups.setdefault((row["group_kind"], row["group"]), {})[row["metric"]] = row
    rows = []
    for (_, group), metrics in sorted(groups.items(), key=lambda item: item[0]):
        counts = next(iter(metrics.values()))
        values = [metrics.get(name) for name in HEADLINES]
        cells = [NONE if v is None else _cell(v) for v in values]
        # Summaries of earlier versions have no clusters.
        clusters = max((m.get("n_clusters") or 0 for m in metrics.values()), default=0)
        numbers = (counts["n_dialogues"], clusters or NONE, counts["n_failed"])
        rows.append([group, *map(str, numbers), *cells])
    return rows


def _cell(row: dict[str, Any]) -> str:
    return flagged(cell(row["value"], row["ci_low"], row["ci_high"]), row.get("flags"))
