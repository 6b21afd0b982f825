"""The full report.json: the run's summary and everything computed for the page.

In: an ``Analysis``. Out: JSON values; shares in 0..1, what is undefined null.
"""

from dataclasses import asdict
from typing import Any

from pipeline.reference_table import NOTE, PUBLISHED
from pipeline.report.analysis.comparison import Comparison
from pipeline.report.analysis.gather import Analysis
from pipeline.report.document import report_document
from pipeline.tables.schemas import ALL


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
