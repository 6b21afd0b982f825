"""Two finished runs to a gate's verdict: may they be compared at all, and what came out.

In: two run directories, or folders that ``score`` wrote. Out: ``Gated``, and its files: gate.json
and gate.xml (JUnit).
"""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from actors.storage.files import (
    exists,
    join,
    list_files,
    read_json,
    read_parquet,
    write_bytes,
    write_json,
)
from conf.errors import BadInput, IncompleteRun
from conf.sweep import GateConfig
from pipeline.gate.render import gate_document, gate_junit
from pipeline.gate.verdict import GateResult, decide
from pipeline.runs.directory import RunDirectory
from pipeline.tables.scores import read_scores

_TURNS = "failed_turns"  # its denominators are the turns that were asked for
_SHOWN = 40  # characters of a value in an error


@dataclass(frozen=True, kw_only=True)
class Gated:
    """A verdict with the runs it is about and what a reader should know about them."""

    baseline: str
    candidate: str
    settings: GateConfig
    result: GateResult
    notes: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Return whether to let the candidate through."""
        return self.result.passes(self.settings.strict)


@dataclass(frozen=True)
class _Side:
    """One run as read: its scores, and its manifest where it has one."""

    name: str
    root: str
    scores: pd.DataFrame
    manifest: dict[str, Any] | None


def gate_runs(baseline: str, candidate: str, settings: GateConfig) -> Gated:
    """Hold a candidate against a baseline.

    Raises:
        BadInput: there are no scores, or the runs differ in dataset, protocol or dialogues.
        IncompleteRun: a run was not carried out to its end, or lacks turns.
        InfrastructureError: storage is down.
    """
    before, after = _read("baseline", baseline), _read("candidate", candidate)
    notes = [_failed(side) for side in (before, after)]
    if before.manifest is None or after.manifest is None:
        bare = " and ".join(s.name for s in (before, after) if s.manifest is None)
        notes.append(
            f"no manifest in the {bare}: only the dialogues were compared, "
            "not dataset, prompt and sampling"
        )
    else:
        _refuse_unlike(before.manifest, after.manifest)
    result = decide(
        before.scores,
        after.scores,
        settings.margins,
        settings.alpha,
        settings.resamples,
        settings.seed,
    )
    return Gated(
        baseline=baseline,
        candidate=candidate,
        settings=settings,
        result=result,
        notes=tuple(notes),
    )


def write_gate(gated: Gated, folder: str) -> None:
    """Write gate.json and gate.xml into a folder; raises as ``write_json``."""
    told = {
        "baseline": gated.baseline,
        "candidate": gated.candidate,
        "strict": gated.settings.strict,
        "passes": gated.passes,
        "notes": list(gated.notes),
    }
    junit = gate_junit(gated.result, gated.settings.strict)
    write_json(join(folder, "gate.json"), gate_document(gated.result) | told)
    write_bytes(join(folder, "gate.xml"), junit.encode())


def _read(name: str, root: str) -> _Side:
    """Read one side and see that nothing is missing from it."""
    run = RunDirectory(root)
    manifest = read_json(run.manifest) if exists(run.manifest) else None
    if manifest is not None and manifest.get("status") != "complete":
        raise IncompleteRun(
            f"the {name} {root} is not complete (status {manifest.get('status')}); run it again"
        )
    try:
        scores = read_scores(root)
    except pa.ArrowInvalid as error:
        raise BadInput(f"the {name} {root}: {str(error).splitlines()[0]}") from error
    if manifest is not None:
        asked = math.fsum(scores.loc[scores["metric"] == _TURNS, "denominator"])
        files = list_files(run.turns, ".parquet")
        there = sum(read_parquet(uri, columns=["turn"]).num_rows for uri in files)
        if there < asked:
            raise IncompleteRun(
                f"the {name} {root} has rows for {there} of {asked:.0f} turns; run it again"
            )
    return _Side(name, root, scores, manifest)


def _failed(side: _Side) -> str:
    rows = side.scores[side.scores["metric"] == _TURNS]
    failed, asked = math.fsum(rows["numerator"]), math.fsum(rows["denominator"])
    return f"{side.name}: {failed:.0f} of {asked:.0f} turns failed (they count as wrong)"


def _refuse_unlike(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Raise BadInput that names each point in which dataset or protocol differ."""
    one, other = _protocol(before), _protocol(after)
    differ = []
    for key in sorted(one.keys() | other.keys()):
        values = (one.get(key), other.get(key))
        if values[0] != values[1]:
            told = [_short(value) for value in values]
            differ.append(f"{key} is {told[0]} in the baseline, {told[1]} in the candidate")
    if differ:
        raise BadInput(f"the runs cannot be compared: {'; '.join(differ)}")


def _protocol(manifest: dict[str, Any]) -> dict[str, Any]:
    """Flatten what two comparable runs have in common."""
    dataset, protocol = manifest["dataset"], dict(manifest["protocol"])
    sampling = protocol.pop("sampling", {})
    return {
        "dataset": dataset["content"],
        "dataset.limit": dataset.get("limit"),
        "dataset.dropped": dataset["dropped"],
        **protocol,
        **{f"sampling.{key}": value for key, value in sampling.items()},
    }


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
