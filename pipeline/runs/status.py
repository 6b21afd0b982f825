"""How a run stands, from its directory alone; works on any machine that can read it.

In: a run directory: manifest, turns, scores, summary. Out: ``Status``.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from actors.storage.files import exists, list_files
from pipeline.runs.cost import usage_of_run
from pipeline.runs.directory import RunDirectory
from pipeline.runs.lease import is_held
from pipeline.runs.manifest import read_manifest
from pipeline.runs.turn_log import read_turn_log

Phase = Literal["starting", "generating", "interrupted", "scoring", "done", "failed"]
WINDOW_S = 300.0  # of the rate: long against a turn, short against a run
SILENT_S = 600.0  # after this long without an answer a run is not called running


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Something counted; ``asked`` is None where the manifest does not say."""

    done: int
    asked: int | None


@dataclass(frozen=True, kw_only=True)
class Status:
    """One run at one moment.

    ``rate`` is in turns per second over the last minutes of answers, ``silent_s`` the seconds
    since the last answer, ``eta_s`` the seconds that the missing turns will take, ``spent`` what
    the answers have cost in USD; each is None where it cannot be known. ``eta_s`` is None too when
    nothing was answered for ten minutes. A run that lacks turns and that no process holds is
    ``interrupted``.
    """

    run: str
    run_id: str
    model: str
    phase: Phase
    dialogues: Progress
    turns: Progress
    failed: int
    failures: dict[str, int]
    rate: float | None
    silent_s: float | None
    eta_s: float | None
    spent: float | None
    score_files: int
    broken_files: tuple[str, ...]


def status(run: RunDirectory, now: datetime | None = None) -> Status:
    """Return how a run stands; changes nothing.

    Raises:
        BadInput: the directory holds no manifest.json.
    """
    manifest = read_manifest(run)
    asked = manifest.asked
    log = read_turn_log(run.turns)
    turns = Progress(done=log.table.num_rows, asked=None if asked is None else asked.turns)
    phase = _phase(turns, manifest.status, summed=exists(run.summary))
    moment = (now or datetime.now(UTC)).timestamp()
    if phase in ("starting", "generating") and not is_held(run.root, moment):
        phase = "interrupted"
    ends = log.ends()
    silent = moment - float(ends[-1]) if len(ends) else None
    rate = log.rate(WINDOW_S)
    eta = None
    active = phase == "generating" and silent is not None and silent <= SILENT_S
    if active and rate and turns.asked is not None:
        eta = max(0, turns.asked - turns.done) / rate
    return Status(
        run=run.root,
        run_id=manifest.run_id,
        model=manifest.model.name,
        phase=phase,
        dialogues=Progress(done=log.dialogues, asked=None if asked is None else asked.dialogues),
        turns=turns,
        failed=log.failed,
        failures=log.failures(),
        rate=rate,
        silent_s=silent,
        eta_s=eta,
        spent=None if manifest.price is None else manifest.price.of(usage_of_run(run)),
        score_files=len(list_files(run.scores, ".parquet")),
        broken_files=log.broken,
    )


def status_text(s: Status) -> str:
    """Write it for a terminal, in a few lines."""
    lines = [
        f"{s.model} {s.run_id}: {s.phase}",
        f"dialogues {_of(s.dialogues)}, turns {_of(s.turns)}, {s.failed} failed",
    ]
    if s.phase == "generating" and s.silent_s is not None:
        rate = f"{s.rate:.1f} turns/s" if s.rate else "rate not known yet"
        if s.silent_s > SILENT_S:
            lines.append(f"no answer for {clock(s.silent_s)}; was {rate}")
        else:
            left = f", {clock(s.eta_s)} left" if s.eta_s is not None else ""
            lines.append(f"{rate}{left}; last answer {clock(s.silent_s)} ago")
    if s.spent is not None:
        lines.append(f"spent {s.spent:.2f} USD by the price noted in the manifest")
    if s.phase == "interrupted":
        lines.append("no process is at it; run the same command again to resume")
    lines += [f"failed {count}: {reason}" for reason, count in s.failures.items()]
    lines += [f"cannot be read, will be done again: {uri}" for uri in s.broken_files]
    return "\n".join(lines)


def clock(seconds: float) -> str:
    """Write a duration as h:mm:ss."""
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def _phase(turns: Progress, noted: str, *, summed: bool) -> Phase:
    """Return the phase; files of an earlier, smaller pass do not make an unfinished run done."""
    complete = noted == "generated" if turns.asked is None else turns.done >= turns.asked
    if not complete:
        return "generating" if turns.done else "starting"
    if noted == "failed":
        return "failed"
    return "done" if summed else "scoring"


def _of(progress: Progress) -> str:
    if progress.asked is None:
        return str(progress.done)
    share = progress.done / progress.asked if progress.asked else 1.0
    return f"{progress.done}/{progress.asked} ({100 * share:.0f} %)"
