"""The gate on two finished runs: whether they can be compared at all, and the result.

In: two run directories, or folders that ``score`` wrote. Out: ``Gated``, and its files: gate.json
and gate.xml (JUnit).
"""

import math
from dataclasses import dataclass

import pandas as pd

from actors.storage.files import (
    join,
    list_files,
    read_parquet,
    write_bytes,
    write_json,
)
from conf.errors import IncompleteRun
from conf.sweep import GateConfig
from pipeline.gate.render import gate_document, gate_junit
from pipeline.gate.verdict import GateResult, decide
from pipeline.runs.directory import RunDirectory
from pipeline.runs.manifest import manifest_of
from pipeline.tables.protocol import refuse_unlike
from pipeline.tables.scored_run import ScoredRun
from pipeline.tables.scores import read_scores


@dataclass(frozen=True, kw_only=True)
class Gated:
    """The result with the runs it is about and notes on them."""

    baseline: str
    candidate: str
    settings: GateConfig
    result: GateResult
    notes: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Return whether to let the candidate through."""
        return self.result.passes(self.settings.strict)


def gate_runs(baseline: str, candidate: str, settings: GateConfig) -> Gated:
    """Compare a candidate with a baseline.

    Raises:
        BadInput: there are no scores, or the runs differ in dataset, protocol or dialogues.
        IncompleteRun: a run was not carried out to its end, or lacks turns.
        InfrastructureError: storage is down.
    """
    before, after = _read("baseline", baseline), _read("candidate", candidate)
    sides = {"baseline": before, "candidate": after}
    notes = [_failed(name, side) for name, side in sides.items()]
    if before.manifest is None or after.manifest is None:
        bare = " and ".join(name for name, side in sides.items() if side.manifest is None)
        notes.append(
            f"no manifest in the {bare}: only the dialogues were compared, "
            "not dataset, prompt and sampling"
        )
    else:
        refuse_unlike(before.manifest, after.manifest, ("the baseline", "the candidate"))
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
    run_fields = {
        "baseline": gated.baseline,
        "candidate": gated.candidate,
        "strict": gated.settings.strict,
        "passes": gated.passes,
        "notes": list(gated.notes),
    }
    junit = gate_junit(gated.result, gated.settings.strict)
    write_json(join(folder, "gate.json"), gate_document(gated.result) | run_fields)
    write_bytes(join(folder, "gate.xml"), junit.encode())


def _read(name: str, root: str) -> ScoredRun:
    """Read one side; IncompleteRun where something is missing from it."""
    directory = RunDirectory(root)
    manifest = manifest_of(directory)
    if manifest is not None and manifest.status != "complete":
        raise IncompleteRun(
            f"the {name} {root} is not complete (status {manifest.status}); run it again"
        )
    scores = read_scores(root)
    if manifest is not None:
        _, expected = _turns(scores)
        files = list_files(directory.turns, ".parquet")
        present = sum(read_parquet(uri, columns=["turn"]).num_rows for uri in files)
        if present < expected:
            raise IncompleteRun(
                f"the {name} {root} has rows for {present} of {expected:.0f} turns; run it again"
            )
    return ScoredRun(directory=directory, manifest=manifest, scores=scores)


def _failed(name: str, run: ScoredRun) -> str:
    failed, expected = _turns(run.scores)
    return f"{name}: {failed:.0f} of {expected:.0f} turns failed (they count as wrong)"


def _turns(scores: pd.DataFrame) -> tuple[float, float]:
    """Return how many turns failed, and how many a run consists of."""
    rows = scores[scores["metric"] == "failed_turns"]
    return math.fsum(rows["numerator"]), math.fsum(rows["denominator"])
