"""report.json, and the short report.md that a run writes by itself.

In: a summary table, how it was weighed, the run directory's manifest. Out: two files. ``imcbench
report`` replaces them by the full ones, with the same headline numbers.
"""

from typing import Any

import pyarrow as pa

from actors.storage.files import exists, read_json, write_bytes, write_json
from conf.schema import ScoringConfig
from pipeline.derived import derived_values
from pipeline.report.headline import HEADLINES, headline_markdown
from pipeline.runs.directory import RunDirectory
from pipeline.tables.schemas import ALL


def write_report(run: RunDirectory, summary: pa.Table, scoring: ScoringConfig) -> None:
    """Write report.json and report.md beside the summary."""
    manifest = read_json(run.manifest) if exists(run.manifest) else None
    write_json(run.report("json"), report_document(summary.to_pylist(), scoring, manifest))
    write_bytes(run.report("md"), headline_markdown(summary).encode())


def report_document(
    rows: list[dict[str, Any]], scoring: ScoringConfig, manifest: dict[str, Any] | None
) -> dict[str, Any]:
    """Give the whole summary, how it was weighed, and the run's manifest, as JSON values."""
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
        "derived": derived_values(rows),
        "manifest": manifest,
    }
