"""One pass of generation over a run: what the run still lacks, its answers counted and written.

In: a run, and tables of turn rows, each of whole dialogues. Out: files under turns/, and
``Generated``, which the manifest notes.
"""

import logging
import time
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from actors.schema import TURN_SCHEMA
from actors.storage.files import list_files, read_parquet, remove, write_parquet
from actors.storage.part_writer import PartWriter
from conf.errors import BrokenFile, IncompleteRun, InfrastructureError
from conf.prices import Usage
from pipeline.cluster.capacity import capacity
from pipeline.cluster.resources import wanted
from pipeline.dataset.load import without
from pipeline.dataset.open import turn_counts
from pipeline.runs.cost import usage_of, usage_of_run
from pipeline.runs.directory import RunDirectory
from pipeline.runs.lease import Lease
from pipeline.runs.manifest import Pass, now, read_manifest, software, write_manifest
from pipeline.runs.run import Run
from pipeline.runs.turn_log import kind_of_failure

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Generated:
    """What one pass did, in ``seconds`` of wall clock; ``resumed`` dialogues were there before."""

    dialogues: int
    resumed: int
    turns: int
    failed: int
    tokens: int
    seconds: float


class RunPass:
    """A context manager, whose end writes what was answered; ``todo`` are the missing dialogues."""

    def __init__(self, run: Run, lease: Lease) -> None:
        self.run = run
        self.todo = without(run.dialogues, finished_dialogues(run.directory))
        self.total = pc.sum(turn_counts(self.todo)).as_py() or 0
        self.turns = self.failed = self.tokens = 0
        # Failed rows, until a turn was answered; None from then on.
        self._held: list[pa.Table] | None = None if self.resumed else []
        self._lease = lease
        self._started = time.monotonic()
        metadata = {"run_id": run.run_id, "box_dialect": run.config.model.box_dialect}
        schema = TURN_SCHEMA.with_metadata(metadata | software())
        self._writer = PartWriter(run.directory.turns, schema)
        self._price = read_manifest(run.directory).price
        self._usage = usage_of_run(run.directory) if self._price else Usage()

    def __enter__(self) -> "RunPass":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.flush()

    @property
    def resumed(self) -> int:
        """How many dialogues had their rows before."""
        return int(self.run.dialogues.num_rows - self.todo.num_rows)

    @property
    def is_finished(self) -> bool:
        """Whether every turn came back."""
        return bool(self.turns == self.total)

    def add(self, table: pa.Table) -> None:
        """Add the rows of some dialogues.

        Rows that failed are held back until a turn was answered: what fails them all is not the
        model's fault, and they will be asked again.

        Raises:
            InfrastructureError: another process has taken the run over, or the first
                ``compute.stop_after_failures`` turns all failed for the same reason.
        """
        self._lease.check()
        if self._price:
            self._usage += usage_of(table)
        answered = pc.sum(pc.equal(table["status"], "ok")).as_py()
        self.turns += table.num_rows
        self.failed += table.num_rows - answered
        self.tokens += pc.sum(table["completion_tokens"]).as_py() or 0
        if self._held is None:
            self._writer.add(table)
            return
        self._held.append(table)
        limit = self.run.config.compute.stop_after_failures
        if self.turns > self.failed:
            self._write_held()
        elif limit is not None and self.failed >= limit:
            self._stop_if_nothing_works(self._held)
            self._write_held()

    @property
    def spent(self) -> float | None:
        """What the run's answers have cost, earlier passes included; None: not known."""
        return None if self._price is None else self._price.of(self._usage)

    def check_cost(self) -> None:
        """Raise IncompleteRun where ``compute.max_cost`` is spent and turns are still missing."""
        most, spent = self.run.config.compute.max_cost, self.spent
        if most is None or spent is None or spent < most or self.is_finished:
            return
        raise IncompleteRun(
            f"stopped: {self.turns} of {self.total} turns came back and {spent:.2f} USD are spent, "
            f"compute.max_cost is {most:g}; raise it and run the same command again to resume"
        )

    def _write_held(self) -> None:
        """Write what was held back, and hold nothing back from now on."""
        for table in self._held or ():
            self._writer.add(table)
        self._held = None

    def _stop_if_nothing_works(self, held: list[pa.Table]) -> None:
        errors = [error for table in held for error in table["error"].to_pylist()]
        if len({kind_of_failure(error) for error in errors}) == 1:
            raise InfrastructureError(
                f"the first {self.failed} turns all failed, as in: {errors[0]}; none of them was "
                "kept; remove the cause and run the same command again"
            )

    def finish(self, *, seconds: float | None = None, runs: int = 1) -> Generated:
        """Write what was gathered and note the pass in the manifest.

        Args:
            seconds: that it took; None: since it began.
            runs: how many runs the engines answered.
        """
        self._write_held()
        self._writer.flush()
        generated = Generated(
            dialogues=self.todo.num_rows,
            resumed=self.resumed,
            turns=self.turns,
            failed=self.failed,
            tokens=self.tokens,
            seconds=time.monotonic() - self._started if seconds is None else seconds,
        )
        if generated.resumed:
            logger.info("%d dialogues were there already", generated.resumed)
        manifest = read_manifest(self.run.directory)
        if generated.dialogues:
            manifest = replace(manifest, passes=(*manifest.passes, self._noted(generated, runs)))
        write_manifest(self.run.directory, replace(manifest, status="generated"))
        return generated

    def _noted(self, generated: Generated, runs: int) -> Pass:
        config = self.run.config
        gpus = config.model.gpus_per_engine
        return Pass(
            finished=now(),
            dialogues=generated.dialogues,
            turns=generated.turns,
            failed=generated.failed,
            tokens=generated.tokens,
            seconds=round(generated.seconds, 1),
            engines=wanted(config.compute, capacity(), gpus_per_engine=gpus),
            engines_shared_by=runs if runs > 1 else None,
        )


def finished_dialogues(run: RunDirectory) -> list[str]:
    """Return the dialogues whose rows are there, and repair what an earlier pass left behind.

    All rows of a dialogue are in one file, and files appear whole, so a listed one is complete. A
    file that a killed writer left broken is removed; a dialogue that two writers answered, since
    one was believed dead, stays in the first file and is taken out of the others.
    """
    finished: dict[str, None] = {}
    for uri in list_files(run.turns, ".parquet"):
        try:
            ids = pc.unique(read_parquet(uri, columns=["dialogue_id"])["dialogue_id"]).to_pylist()
        except BrokenFile:
            logger.warning("%s is truncated; it is removed and its dialogues done again", uri)
            remove(uri)
            continue
        repeated = [i for i in ids if i in finished]
        if repeated:
            logger.warning("%s repeats %d dialogues; they are taken out", uri, len(repeated))
            write_parquet(uri, without(read_parquet(uri), repeated))
        finished |= dict.fromkeys(ids)
    return list(finished)
