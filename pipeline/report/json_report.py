"""report.json, and the short report.md that a run writes by itself.

In: a summary table, how it was weighed, the run directory's manifest. Out: two files. ``imcbench
report`` replaces them by the full ones, with the same headline numbers and everything that the page
shows; shares in 0..1, what is undefined null.
"""

from dataclasses import asdict
from typing import Any

import pyarrow as pa

from actors.storage.files import exists, read_json, write_bytes, write_json
from conf.schema import ScoringConfig
from pipeline.leaderboard.published import NOTE, PUBLISHED
from pipeline.report.analysis.analyse import Analysis
from pipeline.report.analysis.comparison import Comparison
from pipeline.report.analysis.derived import derived_values
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
    """Return the whole summary, how it was weighed, and the run's manifest, as JSON values."""
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


def full_document(analysis: Analysis) -> dict[str, Any]:
    """Extend the run's own report.json by what the page shows."""
    data = analysis.data
    manifest = dict(data.manifest) if data.manifest is not None else None
    document = report_document(analysis.groups.documents(), data.scoring, manifest)
    patients = [
        {"group_kind": kind, "group": group, "n_patients": n}
        for (kind, group), n in analysis.groups.patients.items()
        if (kind, group) not in analysis.groups.hidden
    ]
    return document | {
        "patients": patients,
        "flow": asdict(analysis.flow),
        "effort": None if analysis.effort is None else asdict(analysis.effort),
        "ceiling": None if analysis.ceiling is None else asdict(analysis.ceiling),
        "weight_sensitivity": {"runs": [r.label for r in analysis.runs]}
        | asdict(analysis.sensitivity),
        "comparisons": [_comparison(one, analysis) for one in analysis.comparisons],
        "published_elsewhere": {"note": NOTE, "rows": [asdict(one) for one in PUBLISHED]},
    }


def _comparison(one: Comparison, analysis: Analysis) -> dict[str, Any]:
    shown = {k: d for k, d in one.differences.items() if k[:2] not in analysis.groups.hidden}
    rows = [
        {"group_kind": kind, "group": group, "metric": metric}
        | asdict(found)
        | {"p_holm": one.adjusted.get(metric) if (kind, group) == ALL else None}
        for (kind, group, metric), found in sorted(shown.items())
    ]
    flips = one.flips
    return {
        "against": one.other.label,
        "fingerprint": one.other.run_id,
        "orientation": "this run minus the other; positive is better",
        "differences": rows,
        "turns": {
            "both_right": flips.both,
            "both_wrong": flips.neither,
            "only_this_right": flips.only_this,
            "only_other_right": flips.only_other,
        },
    }
