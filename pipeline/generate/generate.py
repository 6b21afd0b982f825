"""Dialogues to turn outputs: Ray Data over a pool of engine actors, one writer.

In: runs, each with its configuration, the dialogues asked for and its run directory; mostly one.
Out: turns/*.parquet, every asked turn as exactly one row. Dialogues that are there are skipped, so
running again resumes, whatever the number of actors.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import ray
import ray.exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.dialogue_actor import DialogueActor
from actors.reload_check import Probe, Reference
from actors.storage.files import list_files, read_parquet, remove, write_parquet
from actors.supervision.attempts import Ledger, living_nodes
from conf.errors import InfrastructureError
from pipeline.cluster.pool import ActorPool, root_cause
from pipeline.cluster.resources import actor_resources
from pipeline.dataset.open import turn_counts
from pipeline.generate.progress import TurnProgress
from pipeline.generate.run_pass import Asked, Generated, RunPass
from pipeline.runs.directory import RunDirectory
from pipeline.runs.lease import Lease, hold

logger = logging.getLogger(__name__)


def generate(
    asked: Sequence[Asked],
    note: Callable[[Asked, Generated], None] | None = None,
    probe: Probe | None = None,
) -> Reference | None:
    """Answer every turn of every dialogue that has no rows yet.

    Several runs go one after the other through the same actors, whose engines reload the weights:
    their configurations must be the same but for model.name, model.source and how they ask.

    Args:
        asked: the runs, each with a run_id of its own.
        note: called with a run as soon as its last row is written, and with what was done. The
            seconds of a run count from the end of the one before it.
        probe: for engines that are reloaded: what to check them against, or that they show it.

    Returns:
        What an engine showed, if that was asked for and anything was left to do.

    Raises:
        InfrastructureError: actors cannot start, an engine cannot be reloaded, the cluster is gone,
            or another process generates one of the runs; finished rows are kept.
    """
    clock = _Laps()

    def finish(each: RunPass) -> None:
        done = each.generated(clock.lap())
        if note is not None:
            note(each.asked, done)

    with contextlib.ExitStack() as leases:
        passes = [_begin(a, leases.enter_context(hold(a.run.root))) for a in asked]
        for each in passes:
            if each.is_finished:
                finish(each)
        left = {p.asked.run_id: p for p in passes if not p.is_finished}
        return _stream(left, finish, probe) if left else None


class _Laps:
    """Seconds since the last time that it was asked; at first, since it was made."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def lap(self) -> float:
        before, self._since = self._since, time.monotonic()
        return self._since - before


def _begin(asked: Asked, lease: Lease) -> RunPass:
    """See what a run still lacks, once nobody else writes to it."""
    done = pa.array(finished_dialogues(asked.run), pa.string())
    is_there = pc.is_in(asked.dialogues["dialogue_id"], value_set=done)
    return RunPass(asked, asked.dialogues.filter(pc.invert(is_there)), lease)


def _stream(
    passes: dict[str, RunPass], finish: Callable[[RunPass], None], probe: Probe | None
) -> Reference | None:
    """Put what the runs lack through one pool of actors, and the answers where they belong."""
    total = sum(p.total for p in passes.values())
    name, *others = (p.asked.config.model.name for p in passes.values())
    ledger = _start_ledger(next(iter(passes.values())).asked.config.compute.max_attempts)
    shown = f"{name} and {len(others)} more" if others else name
    try:
        with TurnProgress(total, shown) as progress, contextlib.ExitStack() as writing:
            for each in passes.values():
                writing.enter_context(each.writer)
            for table in _answers(list(passes.values()), ledger, probe):
                if not table.num_rows:  # from an engine that could not be reloaded
                    continue
                each = passes[table["run_id"][0].as_py()]
                each.add(table)
                if each.is_finished:
                    finish(each)
                progress.show(
                    turns=sum(p.turns for p in passes.values()),
                    failed=sum(p.failed for p in passes.values()),
                    tokens=sum(p.tokens for p in passes.values()),
                )
        given_up, reference = ray.get([ledger.given_up.remote(), ledger.kept.remote()])
    finally:
        ray.kill(ledger)
    if given_up is not None:
        raise InfrastructureError(given_up)
    turns = sum(p.turns for p in passes.values())
    if turns != total:
        raise InfrastructureError(
            f"{turns} of {total} turns came back; run the same command again to resume"
        )
    return reference if isinstance(reference, Reference) else None


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


def _answers(passes: Sequence[RunPass], ledger: Any, probe: Probe | None) -> Iterator[pa.Table]:
    """Run the dialogues, run after run, and yield finished ones as they come."""
    configs = {p.asked.run_id: p.asked.config for p in passes}
    first = passes[0].asked.config
    compute = first.compute
    asked = actor_resources(compute, gpus_per_engine=first.model.gpus_per_engine)
    blocks = [b for p in passes for b in _blocks(p, compute.dialogues_per_task)]
    pool = ActorPool(compute=compute, resources=asked)
    arguments = {"configs": configs, "ledger": ledger, "probe": probe}
    try:
        yield from pool.stream(blocks, DialogueActor, arguments)
    except ray.exceptions.RayError as error:
        raise InfrastructureError(
            f"generation stopped: {root_cause(str(error))}; run the same command again to resume"
        ) from error


def _blocks(each: RunPass, size: int) -> list[pa.Table]:
    """Cut a run's dialogues into tasks, longest first, and say in a column which run asks."""
    # A 15-turn dialogue begun last would leave the other slots idle.
    order = pc.sort_indices(turn_counts(each.todo), sort_keys=[("", "descending")])
    todo = each.todo.take(order)
    whose = pa.array([each.asked.run_id] * todo.num_rows, pa.string())
    todo = todo.append_column("run_id", whose)
    return [todo.slice(n, size).combine_chunks() for n in range(0, todo.num_rows, size)]


def _start_ledger(max_attempts: int) -> Any:
    """Start the ledger beside the driver, which cannot be lost without ending the run."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    actor = ray.remote(Ledger).options(
        num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=here
    )
    return actor.remote(max_attempts=max_attempts, living_nodes=living_nodes)
