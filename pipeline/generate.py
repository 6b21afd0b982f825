"""Dialogues to turn outputs: Ray Data over a pool of engine actors, one writer.

In: the run's configuration, the dialogues asked for, the run directory.
Out: turns/*.parquet, every asked turn as exactly one row. Dialogues that are there are skipped, so
running again resumes, whatever the number of actors.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import ray
import ray.exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.dialogue_actor import DialogueActor
from actors.ledger import Ledger, living_nodes
from actors.schema import TURN_SCHEMA
from conf.schema import RunConfig
from pipeline.actor_pool import ActorPool, root_cause
from pipeline.cluster import actor_resources
from pipeline.dataset import turn_counts
from pipeline.errors import InfrastructureError
from pipeline.lease import Lease, hold
from pipeline.part_writer import PartWriter
from pipeline.progress import TurnProgress
from pipeline.storage import RunDirectory, list_files, read_parquet, remove, write_parquet

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
        InfrastructureError: actors cannot start, the cluster is gone, or another process generates
            this run; finished rows are kept.
    """
    with hold(run.root) as lease:
        return _generate(config, dialogues, run, metadata, lease)


def _generate(
    config: RunConfig,
    dialogues: pa.Table,
    run: RunDirectory,
    metadata: dict[str, str],
    lease: Lease,
) -> Generated:
    started = time.monotonic()
    done = pa.array(finished_dialogues(run), pa.string())
    todo = dialogues.filter(pc.invert(pc.is_in(dialogues["dialogue_id"], value_set=done)))
    turns = failed = tokens = 0
    if todo.num_rows:
        total = pc.sum(turn_counts(todo)).as_py()
        writing = PartWriter(run.turns, TURN_SCHEMA.with_metadata(metadata))
        with TurnProgress(total, config.model.name) as progress, writing as writer:
            for table in _answers(config, todo, metadata["run_id"]):
                lease.check()
                writer.add(table)
                answered = pc.sum(pc.equal(table["status"], "ok")).as_py()
                turns += table.num_rows
                failed += table.num_rows - answered
                tokens += pc.sum(table["completion_tokens"]).as_py() or 0
                progress.show(turns=turns, failed=failed, tokens=tokens)
        if turns != total:
            raise InfrastructureError(
                f"{turns} of {total} turns came back; run the same command again to resume"
            )
    return Generated(
        dialogues=todo.num_rows,
        resumed=dialogues.num_rows - todo.num_rows,
        turns=turns,
        failed=failed,
        tokens=tokens,
        seconds=time.monotonic() - started,
    )


def finished_dialogues(run: RunDirectory) -> list[str]:
    """List the dialogues whose rows are there, and put right what went wrong before.

    All rows of a dialogue are in one file, and files appear whole, so a listed one is complete. A
    file that a killed writer left broken is removed; a dialogue that two writers answered, since
    one was believed dead, stays in the first file and is taken out of the others.
    """
    finished: dict[str, None] = {}
    for uri in list_files(run.turns, ".parquet"):
        try:
            ids = pc.unique(read_parquet(uri, columns=["dialogue_id"])["dialogue_id"])
        except pa.ArrowInvalid:
            logger.warning("%s is truncated; it is removed and its dialogues done again", uri)
            remove(uri)
            continue
        twice = [i for i in ids.to_pylist() if i in finished]
        if twice:
            logger.warning("%s repeats %d dialogues; they are taken out", uri, len(twice))
            _take_out(uri, twice)
        finished |= dict.fromkeys(ids.to_pylist())
    return list(finished)


def _take_out(uri: str, dialogue_ids: list[str]) -> None:
    """Write a turns file again without some dialogues."""
    table = read_parquet(uri)
    repeated = pc.is_in(table["dialogue_id"], value_set=pa.array(dialogue_ids, pa.string()))
    write_parquet(uri, table.filter(pc.invert(repeated)))


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
    ledger = _start_ledger(compute.max_attempts)
    arguments = {"config": config, "run_id": run_id, "ledger": ledger}
    try:
        yield from pool.stream(blocks, DialogueActor, arguments)
    except ray.exceptions.RayError as error:
        raise InfrastructureError(
            f"generation stopped: {root_cause(str(error))}; run the same command again to resume"
        ) from error
    finally:
        ray.kill(ledger)


def _start_ledger(max_attempts: int) -> Any:
    """Start the ledger beside the driver, which cannot be lost without ending the run."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    actor = ray.remote(Ledger).options(
        num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=here
    )
    return actor.remote(max_attempts=max_attempts, living_nodes=living_nodes)
