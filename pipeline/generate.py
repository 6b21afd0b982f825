"""Dialogues to turn outputs: Ray Data over a pool of engine actors, one writer.

In: the run's configuration, the dialogues asked for, the run directory.
Out: turns/*.parquet, every asked turn as exactly one row. Dialogues that are there are skipped, so
running again resumes, whatever the number of actors.
"""

import logging
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import ray.data
import ray.exceptions
from ray.data import ActorPoolStrategy, DataContext

from actors.dialogue_actor import DialogueActor
from actors.schema import TURN_SCHEMA
from conf.schema import RunConfig
from pipeline.cluster import actor_resources
from pipeline.dataset import turn_counts
from pipeline.errors import InfrastructureError
from pipeline.progress import TurnProgress
from pipeline.storage import RunDirectory, join, list_files, read_parquet, remove, write_parquet

logger = logging.getLogger(__name__)

# A killed driver loses at most what was not flushed: two seconds of answers.
_FLUSH_ROWS, _FLUSH_S = 4096, 2.0
_EXCEPTION = re.compile(r"^(?!ray\.)[\w.]+(?:Error|Exception|Exit)\b", re.MULTILINE)
_CAUSE_LENGTH = 400


@dataclass(frozen=True, kw_only=True)
class Generated:
    """What one pass of generation did; ``resumed`` dialogues were there before."""

    dialogues: int
    resumed: int
    turns: int
    failed: int
    tokens: int
    seconds: float


def generate(
    config: RunConfig, dialogues: pa.Table, run: RunDirectory, metadata: dict[str, str]
) -> Generated:
    """Answer every turn of every dialogue that has no rows yet.

    Args:
        config: the run.
        dialogues: the dialogues asked for, rows of DIALOGUE_SCHEMA.
        run: where turns/ lies.
        metadata: run_id, box_dialect and versions; written into each file's Parquet metadata.

    Raises:
        InfrastructureError: actors cannot start or the cluster is gone; finished rows are kept.
    """
    started = time.monotonic()
    done = pa.array(finished_dialogues(run), pa.string())
    todo = dialogues.filter(pc.invert(pc.is_in(dialogues["dialogue_id"], value_set=done)))
    turns = failed = tokens = 0
    if todo.num_rows:
        total = pc.sum(turn_counts(todo)).as_py()
        name = config.model.name
        with TurnProgress(total, name) as progress, TurnWriter(run, metadata) as writer:
            for table in _answers(config, todo, metadata["run_id"]):
                writer.add(table)
                answered = pc.sum(pc.equal(table["status"], "ok")).as_py()
                turns += table.num_rows
                failed += table.num_rows - answered
                tokens += pc.sum(table["completion_tokens"]).as_py() or 0
                progress.show(turns=turns, failed=failed, tokens=tokens)
    return Generated(
        dialogues=todo.num_rows,
        resumed=dialogues.num_rows - todo.num_rows,
        turns=turns,
        failed=failed,
        tokens=tokens,
        seconds=time.monotonic() - started,
    )


def finished_dialogues(run: RunDirectory) -> list[str]:
    """List the dialogues whose rows are there; a file that a killed writer left broken is removed.

    All rows of a dialogue are in one file, and files appear whole, so a listed one is complete.
    """
    finished: list[str] = []
    for uri in list_files(run.turns, ".parquet"):
        try:
            ids = read_parquet(uri, columns=["dialogue_id"])["dialogue_id"]
        except pa.ArrowInvalid:
            logger.warning("%s is truncated; it is removed and its dialogues done again", uri)
            remove(uri)
            continue
        finished.extend(pc.unique(ids).to_pylist())
    return finished


class TurnWriter:
    """Gathers answered dialogues into files of some size; flushes at the end, whatever happened."""

    def __init__(self, run: RunDirectory, metadata: dict[str, str]) -> None:
        self._folder = run.turns
        self._schema = TURN_SCHEMA.with_metadata(metadata)
        self._tables: list[pa.Table] = []
        self._flushed = time.monotonic()

    def __enter__(self) -> "TurnWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.flush()

    def add(self, table: pa.Table) -> None:
        """Take whole dialogues; write when there is enough or enough time has passed."""
        self._tables.append(table.select(TURN_SCHEMA.names))
        rows = sum(t.num_rows for t in self._tables)
        if rows >= _FLUSH_ROWS or time.monotonic() - self._flushed >= _FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered as one new file."""
        if self._tables:
            table = pa.concat_tables(self._tables).cast(self._schema)
            write_parquet(join(self._folder, f"part-{uuid.uuid4().hex}.parquet"), table)
            self._tables = []
        self._flushed = time.monotonic()


def _answers(config: RunConfig, todo: pa.Table, run_id: str) -> Iterator[pa.Table]:
    """Run the dialogues, longest first, and yield finished ones as they come."""
    compute = config.compute
    parallel = config.model.engine.get("tensor_parallel_size", 1)
    asked = actor_resources(compute, gpus_per_engine=parallel)
    # Longest first: a 15-turn dialogue begun last would leave the other slots idle.
    order = pc.sort_indices(turn_counts(todo), sort_keys=[("", "descending")])
    todo = todo.take(order)
    step = compute.dialogues_per_task
    # One block per task: Ray Data would merge small Parquet reads into a single block.
    blocks = [todo.slice(n, step).combine_chunks() for n in range(0, todo.num_rows, step)]
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    # Ray Data prints the stack of every error that it also raises; its files keep them.
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    dataset = ray.data.from_arrow(blocks).map_batches(
        DialogueActor,
        fn_constructor_kwargs={"config": config, "run_id": run_id},
        batch_size=None,
        batch_format="pyarrow",
        num_cpus=asked.cpus,
        num_gpus=asked.gpus,
        compute=ActorPoolStrategy(
            size=min(compute.actors, len(blocks)),
            max_tasks_in_flight_per_actor=compute.tasks_per_actor,
            max_concurrent_calls_per_actor=compute.tasks_per_actor,
        ),
    )
    try:
        yield from dataset.iter_batches(batch_size=None, batch_format="pyarrow")
    except ray.exceptions.RayError as error:
        raise InfrastructureError(
            f"generation stopped: {root_cause(str(error))}; run the same command again to resume"
        ) from error


def root_cause(trace: str) -> str:
    """Find what an actor said when it died: the last exception of its trace, in one line."""
    causes = [found.start() for found in _EXCEPTION.finditer(trace)]
    cause = trace[causes[-1] :] if causes else trace
    line = " ".join(cause.split())
    return line if len(line) <= _CAUSE_LENGTH else f"{line[:_CAUSE_LENGTH]} ..."
