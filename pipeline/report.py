"""The summary as people and programs read it: report.json, report.md and the printed table.

In: a summary table, the run directory's manifest. Out: two files and a rich table, same numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from rich.table import Table

from conf.schema import METRICS, ScoringConfig
from pipeline.derived import derived_values
from pipeline.stats.composite import OVERALL
from pipeline.storage import RunDirectory, exists, read_json, write_bytes, write_json
from pipeline.tables import ALL

HEADLINES = (OVERALL, *METRICS)
_TITLES = {
    OVERALL: "Overall",
    "turn_accuracy": "Turn accuracy",
    "visual_consistency": "Visual consistency",
    "reasoning_coherence": "Reasoning coherence",
    "hallucination_rate": "Hallucination rate",
}
_SHOWN = ("overall", "specialty")  # group kinds of the printed table


@dataclass(frozen=True)
class Line:
    """One group with its headline cells, as text."""

    group: str
    dialogues: int
    failed: int
    cells: tuple[str, ...]


def write_report(run: RunDirectory, summary: pa.Table, scoring: ScoringConfig) -> None:
    """Write report.json and report.md beside the summary."""
    manifest = read_json(run.manifest) if exists(run.manifest) else None
    write_json(run.report("json"), report_document(summary, scoring, manifest))
    write_bytes(run.report("md"), report_markdown(summary).encode())


def report_document(
    summary: pa.Table, scoring: ScoringConfig, manifest: dict[str, Any] | None
) -> dict[str, Any]:
    """Give the whole summary, how it was weighed, and the run's manifest, as JSON values."""
    rows = summary.to_pylist()
    headline = {
        row["metric"]: row
        for row in rows
        if (row["group_kind"], row["group"]) == ALL and row["metric"] in HEADLINES
    }
    return {
        "schema_version": 1,
        "headline": headline,
        "weights": scoring.weights,
        "confidence": scoring.confidence,
        "resamples": scoring.resamples,
        "summary": rows,
        "derived": derived_values(summary),
        "manifest": manifest,
    }


def report_markdown(summary: pa.Table) -> str:
    """Give the headline table as Markdown."""
    head = ["Group", "Dialogues", "Failed", *(_TITLES[m] for m in HEADLINES)]
    out = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for line in lines(summary):
        cells = [line.group, str(line.dialogues), str(line.failed), *line.cells]
        out.append("| " + " | ".join(cells) + " |")
    note = "Percent with the interval over patients. Hallucination: lower is better."
    return "\n".join(["# Evaluation", "", *out, "", note, ""])


def summary_table(summary: pa.Table) -> Table:
    """Give the headline table for a terminal."""
    table = Table(caption="percent, interval over patients; hallucination: lower is better")
    for name in ("Group", "Dialogues", "Failed", *(_TITLES[m] for m in HEADLINES)):
        table.add_column(name, justify="left" if name == "Group" else "right")
    for line in lines(summary):
        table.add_row(line.group, str(line.dialogues), str(line.failed), *line.cells)
    return table


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
