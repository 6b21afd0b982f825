"""Dialogues to turn outputs: Ray Data over a pool of engine actors, one writer.

In: the run's configuration, the dialogues asked for, the run directory.
Out: turns/*.parquet, every asked turn as exactly one row. Dialogues that are there are skipped, so
running again resumes, whatever the number of actors.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import ray.exceptions

from actors.dialogue_actor import DialogueActor
from actors.schema import TURN_SCHEMA
from conf.schema import RunConfig
from pipeline.actor_pool import ActorPool, root_cause
from pipeline.cluster import actor_resources
from pipeline.dataset import turn_counts
from pipeline.errors import InfrastructureError
from pipeline.part_writer import PartWriter
from pipeline.progress import TurnProgress
from pipeline.storage import RunDirectory, list_files, read_parquet, remove

logger = logging.getLogger(__name__)


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
        writing = PartWriter(run.turns, TURN_SCHEMA.with_metadata(metadata))
        with TurnProgress(total, config.model.name) as progress, writing as writer:
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


def _answers(config: RunConfig, todo: pa.Table, run_id: str) -> Iterator[pa.Table]:
    """Run the dialogues, longest first, and yield finished ones as they come."""
    compute = config.compute
    asked = actor_resources(compute, gpus_per_engine=config.model.gpus_per_engine)
    # Longest first: a 15-turn dialogue begun last would leave the other slots idle.
    order = pc.sort_indices(turn_counts(todo), sort_keys=[("", "descending")])
    todo = todo.take(order)
    step = compute.dialogues_per_task
    blocks = [todo.slice(n, step).combine_chunks() for n in range(0, todo.num_rows, step)]
    pool = ActorPool(compute=compute, resources=asked)
    arguments = {"config": config, "run_id": run_id}
    try:
        yield from pool.stream(blocks, DialogueActor, arguments)
    except ray.exceptions.RayError as error:
        raise InfrastructureError(
            f"generation stopped: {root_cause(str(error))}; run the same command again to resume"
        ) from error
