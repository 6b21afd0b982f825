"""report.json, and the short report.md that a run writes by itself.

In: a summary table, how it was weighed, the run directory's manifest. Out: two files. ``imcbench
report`` replaces them by the full ones, with the same headline numbers and everything that the page
shows; shares in 0..1, what is undefined null.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from actors.storage.files import write_bytes, write_json
from conf.schema import ScoringConfig
from pipeline.leaderboard.published import NOTE, PUBLISHED
from pipeline.report.analysis.analyse import Analysis
from pipeline.report.analysis.comparison import Comparison
from pipeline.report.headline import HEADLINES, headline_markdown
from pipeline.runs.directory import RunDirectory
from pipeline.runs.manifest import Manifest, manifest_of
from pipeline.tables.schemas import ALL

_RECALLS = ("boolean_recall_yes", "boolean_recall_no")
_BOOLEAN = "constant_"
_CHOICE = "constant_choice_"


def write_report(run: RunDirectory, summary: pa.Table, scoring: ScoringConfig) -> None:
    """Write report.json and report.md beside the summary."""
    document = report_document(summary.to_pylist(), scoring, manifest_of(run))
    write_json(run.report("json"), document)
    write_bytes(run.report("md"), headline_markdown(summary).encode())


def report_document(
    rows: list[dict[str, Any]], scoring: ScoringConfig, manifest: Manifest | None
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
        "manifest": None if manifest is None else manifest.to_json(),
    }


def full_document(analysis: Analysis) -> dict[str, Any]:
    """Return the run's own report.json and what the page shows."""
    data = analysis.data
    document = report_document(analysis.groups.documents(), data.scoring, data.manifest)
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
        "findings": list(analysis.findings),
        "missed_critical": list(analysis.missed),
        "outcomes": list(analysis.outcomes),
        "comparisons": [_comparison(one, analysis) for one in analysis.comparisons],
        "published_elsewhere": {"note": NOTE, "rows": [asdict(one) for one in PUBLISHED]},
    }


def _comparison(one: Comparison, analysis: Analysis) -> dict[str, Any]:
    shown = {k: d for k, d in one.differences.items() if k[:2] not in analysis.groups.hidden}
    rows = [
        {"group_kind": kind, "group": group, "metric": metric}
        | asdict(difference)
        | {"p_holm": one.adjusted.get(metric) if (kind, group) == ALL else None}
        for (kind, group, metric), difference in sorted(shown.items())
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


def derived_values(summary: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return, per group, what the constant answers are worth and the balanced accuracy.

    They have no interval of their own; the rows that they come from have.

    Returns:
        Rows of group_kind, group, metric, value and detail (the constant answer), in the
        summary's order: ``balanced_accuracy`` (mean of the recalls of yes and no; absent where
        one class is), ``constant_boolean`` and ``constant_choice`` (the best constant answer's
        share of right turns).
    """
    groups: dict[tuple[str, str], dict[str, float]] = {}
    for row in summary:
        if row["value"] is not None:
            groups.setdefault((row["group_kind"], row["group"]), {})[row["metric"]] = row["value"]
    return [
        {"group_kind": kind, "group": group} | row
        for (kind, group), values in groups.items()
        for row in _of_group(values)
    ]


def _of_group(values: Mapping[str, float]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if all(name in values for name in _RECALLS):
        balanced = sum(values[name] for name in _RECALLS) / len(_RECALLS)
        rows.append({"metric": "balanced_accuracy", "value": balanced, "detail": None})
    choice = {n.removeprefix(_CHOICE): v for n, v in values.items() if n.startswith(_CHOICE)}
    boolean = {n: values[_BOOLEAN + n] for n in ("yes", "no") if _BOOLEAN + n in values}
    for name, shares in (("constant_boolean", boolean), ("constant_choice", choice)):
        if shares:
            best = max(sorted(shares), key=lambda n: shares[n])
            rows.append({"metric": name, "value": shares[best], "detail": best})
    return rows
