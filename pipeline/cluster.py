"""The Ray cluster as the pipeline sees it: joined where there is one, else started here."""

import contextlib
import logging
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import FrameType

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
    """Be connected to Ray inside the block: to RAY_ADDRESS, else to a new local cluster.

    A job that was submitted finds RAY_ADDRESS set. Without it no running cluster is joined: it may
    be another local run's, and would end with that. A connection that was there before stays; one
    made here is shut down at the end.

    Raises:
        InfrastructureError: RAY_ADDRESS names a cluster that does not answer.
    """
    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS", "local")
    if address == "local":
        _start_local()
    else:
        _join(address)
    # Ray has just set a handler of its own that exits with the signal's number.
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
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


def side_by_side(compute: ComputeConfig, runs: int) -> ComputeConfig:
    """Share the CPUs of a cluster without GPUs among runs; what is set explicitly stays."""
    total: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    explicit = compute.cpus_per_actor is not None or compute.gpus_per_actor is not None
    if explicit or total.get("GPU", 0) > 0:
        return compute
    cpus = max(1, int(total.get("CPU", 1)) // (runs * compute.actors))
    return replace(compute, cpus_per_actor=float(cpus))


def _autoscales() -> bool:
    return os.environ.get("IMCBENCH_AUTOSCALING", "") == "1"


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat SIGTERM as Ctrl-C: what was gathered gets written on the way out."""
    raise KeyboardInterrupt


def _join(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        if port.isdigit():  # Ray itself would try for many minutes
            socket.create_connection((host, int(port)), timeout=10).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, OSError) as error:
        raise InfrastructureError(f"no Ray cluster at RAY_ADDRESS={address}: {error}") from error


def _start_local() -> None:
    """Start a cluster of this machine alone, listening on loopback."""
    # The core worker's own remarks on actor arguments are not for a user's terminal.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    with _native_stderr_closed():
        ray.init(
            address="local",
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )


@contextlib.contextmanager
def _native_stderr_closed() -> Iterator[None]:
    """Keep what native code says while Ray starts (that its log level was set) off the terminal."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
