"""One run's share of a pass of generation: what it still lacks in, its rows counted and written.

In: tables of turn rows, each of whole dialogues. Out: files under turns/, and ``Generated``.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from actors.schema import TURN_SCHEMA
from actors.storage.part_writer import PartWriter
from conf.schema import RunConfig
from pipeline.dataset.open import turn_counts
from pipeline.runs.directory import RunDirectory
from pipeline.runs.lease import Lease


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A run that is to be generated.

    ``dialogues`` are rows of DIALOGUE_SCHEMA, ``run`` is where turns/ lies, ``metadata`` (run_id,
    box_dialect, versions) is written into each file's Parquet metadata.
    """

    config: RunConfig
    dialogues: pa.Table
    run: RunDirectory
    metadata: dict[str, str]

    @property
    def run_id(self) -> str:
        """The run's fingerprint."""
        return self.metadata["run_id"]


@dataclass(frozen=True, kw_only=True)
class Generated:
    """What one pass of generation did; ``resumed`` dialogues were there before."""

    dialogues: int
    resumed: int
    turns: int
    failed: int
    tokens: int
    seconds: float


class RunPass:
    """``todo`` are the dialogues that have no rows yet; ``writer`` takes the rows of the others.

    To be used inside the writer's context, which writes what was gathered, whatever happened.
    """

    def __init__(self, asked: Asked, todo: pa.Table, lease: Lease) -> None:
        self.asked = asked
        self.todo = todo
        self.total = pc.sum(turn_counts(todo)).as_py() or 0
        self.turns = self.failed = self.tokens = 0
        self._lease = lease
        self.writer = PartWriter(asked.run.turns, TURN_SCHEMA.with_metadata(asked.metadata))

    @property
    def is_finished(self) -> bool:
        """Whether every turn came back."""
        return bool(self.turns == self.total)

    def add(self, table: pa.Table) -> None:
        """Take the rows of some dialogues; the last ones are written at once.

        Raises:
            InfrastructureError: somebody else has taken the run over.
        """
        self._lease.check()
        self.writer.add(table)
        answered = pc.sum(pc.equal(table["status"], "ok")).as_py()
        self.turns += table.num_rows
        self.failed += table.num_rows - answered
        self.tokens += pc.sum(table["completion_tokens"]).as_py() or 0
        if self.is_finished:
            self.writer.flush()

    def generated(self, seconds: float) -> Generated:
        """Sum up, given the seconds that it took."""
        return Generated(
            dialogues=self.todo.num_rows,
            resumed=self.asked.dialogues.num_rows - self.todo.num_rows,
            turns=self.turns,
            failed=self.failed,
            tokens=self.tokens,
            seconds=seconds,
        )
