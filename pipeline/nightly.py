"""The gate of a nightly sweep: each run against the last accepted one of its variant, once.

In: the lines of a sweep. Out: one ``NightlyOutcome`` each, and ``<output>/baseline.json``, which
names the accepted run of each variant and keeps every outcome, so that a second call repeats them.

A run that passes becomes the baseline of those after it. The first complete run of a variant is
accepted as there is nothing to compare it with.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from actors.storage.files import exists, join, read_json, write_json
from conf.errors import BadInput, IncompleteRun
from conf.sweep import GateConfig
from pipeline.gate.gate import Gated, gate_runs, write_gate
from pipeline.sweep.sweep import SweptRun

Outcome = Literal["first", "pass", "inconclusive", "regression", "refused", "failed"]


@dataclass(frozen=True, kw_only=True)
class NightlyOutcome:
    """What became of one run.

    ``refused``: it cannot be compared with the baseline; ``failed``: there is no complete run.
    ``stops``: the gate does not let it through. Runs are named relative to the output folder.
    """

    name: str
    run: str | None
    variant: str
    against: str | None
    outcome: Outcome
    stops: bool
    accepted: bool
    reason: str | None
    decided: str


def gate_in_order(
    rows: Sequence[SweptRun],
    output: str,
    settings: GateConfig,
    report: Callable[[str, Gated], None],
) -> list[NightlyOutcome]:
    """Gate the runs in order and move the baseline.

    Args:
        rows: the sweep's lines.
        output: the folder that holds the runs and baseline.json.
        settings: of the gate.
        report: called with the name of each run that is gated now, and the result.
    """
    path = join(output, "baseline.json")
    document = read_json(path) if exists(path) else {"accepted": {}, "verdicts": {}}
    outcomes = []
    for row in rows:
        known = document["verdicts"].get(row.run) if row.status == "complete" else None
        if known is not None:
            outcomes.append(NightlyOutcome(**known))
            continue
        outcome = _gate_one(row, output, document["accepted"].get(row.variant), settings, report)
        outcomes.append(outcome)
        if outcome.outcome not in ("refused", "failed"):
            document = _entered(document, outcome)
            write_json(path, document)
    return outcomes


def exit_code(outcomes: Sequence[NightlyOutcome]) -> int:
    """Return 1 if a gate stops a run, 2 if one cannot be compared, 3 if one failed, else 0."""
    if any(v.stops for v in outcomes):
        return 1
    if any(v.outcome == "refused" for v in outcomes):
        return 2
    return 3 if any(v.outcome == "failed" for v in outcomes) else 0


def _gate_one(
    row: SweptRun,
    output: str,
    baseline: str | None,
    settings: GateConfig,
    report: Callable[[str, Gated], None],
) -> NightlyOutcome:
    """Gate one run that was not gated before."""
    outcome: Outcome
    stops, reason = False, None
    if row.status == "failed" or row.run is None:
        outcome, reason = "failed", row.reason
    elif baseline is None:
        outcome, reason = "first", "nothing to compare it with"
    else:
        candidate = join(output, row.run)
        try:
            gated = gate_runs(join(output, baseline), candidate, settings)
            write_gate(gated, candidate)
            report(row.name, gated)
            outcome, stops = gated.result.outcome, not gated.passes
        except (BadInput, IncompleteRun) as error:
            outcome, reason = "refused", str(error)
    return NightlyOutcome(
        name=row.name,
        run=row.run,
        variant=row.variant,
        against=None if outcome == "failed" else baseline,
        outcome=outcome,
        stops=stops,
        accepted=outcome in ("first", "pass") and not stops,
        reason=reason,
        decided=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _entered(document: dict[str, Any], outcome: NightlyOutcome) -> dict[str, Any]:
    """Return baseline.json's document with one more outcome."""
    verdicts = document["verdicts"] | {outcome.run: asdict(outcome)}
    accepted = document["accepted"]
    if outcome.accepted:
        accepted = accepted | {outcome.variant: outcome.run}
    return {"schema_version": 1, "accepted": accepted, "verdicts": verdicts}
