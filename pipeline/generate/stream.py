"""Dialogues through a pool of actors: tasks in, finished tables of turn rows out as they come.

In: tasks, an actor class, its constructor's arguments. Out: an iterator over tables. The attempt
ledger, which outlives the actors' processes, runs beside the driver.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import ray
import ray.exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.supervision.attempts import AttemptLedger, living_nodes
from conf.errors import InfrastructureError
from conf.schema import RunConfig
from pipeline.cluster.pool import ActorPool, root_cause
from pipeline.cluster.resources import actor_resources
from pipeline.dataset.open import turn_counts


def tasks_of(dialogues: pa.Table, size: int) -> list[pa.Table]:
    """Cut dialogues into tasks of ``size``, longest first."""
    # A 15-turn dialogue begun last would leave the other slots idle.
    order = pc.sort_indices(turn_counts(dialogues), sort_keys=[("", "descending")])
    ordered = dialogues.take(order)
    return [ordered.slice(n, size).combine_chunks() for n in range(0, ordered.num_rows, size)]


def answers(
    tasks: list[pa.Table], actor: type, arguments: dict[str, Any], config: RunConfig
) -> Iterator[pa.Table]:
    """Run tasks through a pool of actors; tables leave in the order in which they finish.

    Args:
        tasks: one table of dialogues each.
        actor: the class, called with a table.
        arguments: of its constructor.
        config: the number of actors and the size of each.

    Raises:
        BadInput: the cluster can never hold the actors.
        InfrastructureError: actors cannot start, or the cluster is gone.
    """
    gpus = config.model.gpus_per_engine
    resources = actor_resources(config.compute, gpus_per_engine=gpus)
    pool = ActorPool(compute=config.compute, resources=resources)
    try:
        yield from pool.stream(tasks, actor, arguments)
    except ray.exceptions.RayError as error:
        raise InfrastructureError(
            f"generation stopped: {root_cause(str(error))}; run the same command again to resume"
        ) from error


@contextlib.contextmanager
def running_ledger(
    kind: type[AttemptLedger], max_attempts: int, *, answered: bool
) -> Iterator[Any]:
    """Run a ledger inside the block, beside the driver, whose loss would end the run anyway.

    ``answered``: engines like these have answered turns of the run before.
    """
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    actor: Any = ray.remote(kind).options(
        num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=here
    )
    ledger: Any = actor.remote(
        max_attempts=max_attempts, living_nodes=living_nodes, answered=answered
    )
    try:
        yield ledger
    finally:
        ray.kill(ledger)
