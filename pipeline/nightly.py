"""A night's verdicts: each swept run is held once against the last accepted one of its variant.

In: the lines of a sweep. Out: one ``Verdict`` each, and ``<output>/baseline.json``, which names the
accepted run of each variant and keeps every verdict, so that running the night again says the same.

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
class Verdict:
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


def judge(
    rows: Sequence[SweptRun],
    output: str,
    settings: GateConfig,
    told: Callable[[str, Gated], None],
) -> list[Verdict]:
    """Judge the night's runs in order and move the baseline.

    Args:
        rows: the sweep's lines.
        output: the folder that holds the runs and baseline.json.
        settings: of the gate.
        told: called with the name of each run that is gated now, and the result.
    """
    path = join(output, "baseline.json")
    book = read_json(path) if exists(path) else {"accepted": {}, "verdicts": {}}
    verdicts = []
    for row in rows:
        known = book["verdicts"].get(row.run) if row.status == "complete" else None
        if known is not None:
            verdicts.append(Verdict(**known))
            continue
        verdict = _judge_one(row, output, book["accepted"].get(row.variant), settings, told)
        verdicts.append(verdict)
        if verdict.outcome not in ("refused", "failed"):
            book = _entered(book, verdict)
            write_json(path, book)
    return verdicts


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """Sum a night up: 1 a gate stops a run, 2 a run cannot be compared, 3 a run failed, else 0."""
    if any(v.stops for v in verdicts):
        return 1
    if any(v.outcome == "refused" for v in verdicts):
        return 2
    return 3 if any(v.outcome == "failed" for v in verdicts) else 0


def _judge_one(
    row: SweptRun,
    output: str,
    baseline: str | None,
    settings: GateConfig,
    told: Callable[[str, Gated], None],
) -> Verdict:
    """Gate one run that was not judged before."""
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
            told(row.name, gated)
            outcome, stops = gated.result.outcome, not gated.passes
        except (BadInput, IncompleteRun) as error:
            outcome, reason = "refused", str(error)
    return Verdict(
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


def _entered(book: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
    """Enter a verdict into baseline.json's document."""
    verdicts = book["verdicts"] | {verdict.run: asdict(verdict)}
    accepted = book["accepted"]
    if verdict.accepted:
        accepted = accepted | {verdict.variant: verdict.run}
    return {"schema_version": 1, "accepted": accepted, "verdicts": verdicts}
