"""The Ray cluster as the pipeline sees it: joined where there is one, else started here."""

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass

import ray

from conf.schema import ComputeConfig
from pipeline.errors import BadInput, InfrastructureError


@dataclass(frozen=True)
class ActorResources:
    """What one engine actor asks for."""

    cpus: float
    gpus: float


@contextlib.contextmanager
def cluster() -> Iterator[None]:
    """Be connected to Ray inside the block: the current cluster, RAY_ADDRESS, or a local one.

    A connection that was there before stays; one made here is shut down at the end.

    Raises:
        InfrastructureError: RAY_ADDRESS names a cluster that does not answer.
    """
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(address="auto", log_to_driver=False, logging_level=logging.WARNING)
    except ConnectionError as error:
        if os.environ.get("RAY_ADDRESS"):
            raise InfrastructureError(f"no Ray cluster at RAY_ADDRESS: {error}") from error
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.WARNING)
    try:
        yield
    finally:
        ray.shutdown()


def actor_resources(compute: ComputeConfig, *, gpus_per_engine: int) -> ActorResources:
    """Resolve what each actor asks for against what the cluster has.

    Without explicit values an actor takes the engine's GPUs where the cluster has any; without
    GPUs the CPUs are shared out, since Ray sets the engine's threads from them.

    Raises:
        BadInput: the cluster cannot ever hold one actor.
    """
    total: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    gpus = compute.gpus_per_actor
    if gpus is None:
        gpus = float(gpus_per_engine) if total.get("GPU", 0) > 0 else 0.0
    cpus = compute.cpus_per_actor
    if cpus is None:
        cpus = 1.0 if gpus else float(max(1, int(total.get("CPU", 1)) // compute.actors))
    for kind, asked in (("CPU", cpus), ("GPU", gpus)):
        # An autoscaler may still add nodes; a cluster with none of a kind is taken at its word.
        if asked > total.get(kind, 0) and not _autoscales():
            raise BadInput(
                f"an actor asks for {asked:g} {kind}, the cluster has {total.get(kind, 0):g}"
            )
    return ActorResources(cpus=cpus, gpus=gpus)


def _autoscales() -> bool:
    return os.environ.get("IMCBENCH_AUTOSCALING", "") == "1"
