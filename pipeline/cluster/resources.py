"""What one engine actor asks for, and how many of them the cluster can hold.

In: a configuration's compute section and a connected cluster. Out: ``ActorResources``.
"""

from dataclasses import dataclass, replace

from ray.data import ActorPoolStrategy

from conf.errors import BadInput
from conf.schema import ComputeConfig
from pipeline.cluster.capacity import Capacity, capacity


@dataclass(frozen=True)
class ActorResources:
    """What one engine actor asks for, and how many of them at most."""

    cpus: float
    gpus: float
    actors: int


def actor_resources(compute: ComputeConfig, *, gpus_per_engine: int) -> ActorResources:
    """Resolve what each actor asks for against what the cluster has or may get.

    Without explicit values an actor takes the engine's GPUs where the cluster has any; without
    GPUs the CPUs are shared out, since Ray sets the engine's threads from them.

    Raises:
        BadInput: the cluster cannot ever hold the actors that must run at once; Ray would wait
            for ever.
    """
    has = capacity()
    asked = wanted(compute, has, gpus_per_engine=gpus_per_engine)
    must = compute.min_actors or compute.actors
    room = has.room(cpus=asked.cpus, gpus=asked.gpus)
    if room is not None and room < must:
        size = f"{asked.gpus:g} GPU and {asked.cpus:g} CPU on one node"
        if room == 0:
            raise BadInput(f"an actor asks for {size}; no node is that large: the cluster is {has}")
        raise BadInput(
            f"{must} actors ask for {size} each, and {room} find room: the cluster is {has}; "
            f"set compute.actors={room}, or compute.min_actors={room} to start with fewer"
        )
    # What can never start would stay pending for the whole run.
    return asked if room is None else replace(asked, actors=min(asked.actors, room))


def wanted(compute: ComputeConfig, has: Capacity, *, gpus_per_engine: int) -> ActorResources:
    """Return what one actor asks for; raises BadInput where that cannot be known."""
    gpus = compute.gpus_per_actor
    if gpus is None:
        if gpus_per_engine and has.types is None and not has.has_gpus:
            raise BadInput(
                "the cluster has no GPU yet and its autoscaler may add some; "
                f"set compute.gpus_per_actor={gpus_per_engine}, or =0 for engines on CPUs"
            )
        gpus = float(gpus_per_engine) if has.has_gpus else 0.0
    cpus = compute.cpus_per_actor
    if cpus is None:
        cpus = 1.0 if gpus else _share(has, compute.actors)
    return ActorResources(cpus=cpus, gpus=gpus, actors=compute.actors)


def side_by_side(compute: ComputeConfig, runs: int) -> ComputeConfig:
    """Share the CPUs of a cluster without GPUs among runs; what is set explicitly stays."""
    has = capacity()
    explicit = compute.cpus_per_actor is not None or compute.gpus_per_actor is not None
    if explicit or has.has_gpus:
        return compute
    return replace(compute, cpus_per_actor=_share(has, runs * compute.actors))


def _share(has: Capacity, actors: int) -> float:
    """Return the most whole CPUs per actor that leave room for all of them, at least one."""
    sizes = {int(n.cpus) // k for n in has.alive for k in range(1, actors + 1)} - {0}
    fitting = [c for c in sizes if (has.room(cpus=c, gpus=0) or 0) >= actors]
    return float(max(fitting, default=1))


def actor_pool(compute: ComputeConfig, asked: ActorResources, *, blocks: int) -> ActorPoolStrategy:
    """Return the pool: of fixed size, or between ``min_actors`` and ``actors``.

    An elastic pool asks for all its actors at once, so that engines start side by side and an
    autoscaler sees the whole need; Ray Data lets idle ones go as work runs out. Never more actors
    than ``blocks``.
    """
    size = min(asked.actors, blocks)
    tasks = compute.tasks_per_actor
    if compute.min_actors is None:
        return ActorPoolStrategy(
            size=size, max_tasks_in_flight_per_actor=tasks, max_concurrent_calls_per_actor=tasks
        )
    return ActorPoolStrategy(
        min_size=min(compute.min_actors, size),
        max_size=size,
        initial_size=size,
        max_tasks_in_flight_per_actor=tasks,
        max_concurrent_calls_per_actor=tasks,
    )
