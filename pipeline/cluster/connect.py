"""The Ray cluster as the pipeline sees it: joined if RAY_ADDRESS names one, else started here."""

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType

import ray
from ray.data._internal.execution.streaming_executor import StreamingExecutor

from conf.errors import InfrastructureError

logger = logging.getLogger(__name__)

_STARTS = 2
_JOIN_S = 60.0  # an executor ends after one more look at its operators


@contextlib.contextmanager
def cluster() -> Iterator[None]:
    """Connect to Ray inside the block: to RAY_ADDRESS, else to a new local cluster.

    A job that was submitted finds RAY_ADDRESS set. Without it no running cluster is joined: it may
    be another local run's, and would end with that. A connection that was there before stays; one
    made here is shut down at the end.

    Raises:
        InfrastructureError: RAY_ADDRESS names a cluster that does not answer, or none starts here.
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
        _end_executors()
        signal.signal(signal.SIGTERM, before)
        ray.shutdown()


def _end_executors() -> None:
    """End Ray Data's scheduling threads while the cluster that they ask still answers.

    One that outlives it makes Ray's core abort this process, whatever its exit code was to be (a
    failed look-up of draining nodes is a fatal check there), or starts a new cluster. Ray Data
    itself waits for two seconds, and not at all for an iteration that was left early.
    """
    for thread in threading.enumerate():
        if isinstance(thread, StreamingExecutor):
            thread.shutdown(force=True)
            thread.join(_JOIN_S)


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
    """Start a cluster of this machine alone, listening on loopback.

    Once more where that failed: Ray gives its processes 30 seconds to come up, whatever else the
    machine does.
    """
    # The core worker's own remarks on actor arguments are not for a user's terminal.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    for attempt in range(_STARTS):
        try:
            with _native_stderr_closed():
                ray.init(
                    address="local",
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
            return
        except Exception as error:  # Ray raises bare exceptions where its processes do not come up
            ray.shutdown()
            if attempt == _STARTS - 1:
                raise InfrastructureError(f"Ray did not start here: {error}") from error
            logger.warning("Ray did not start here, it is tried again: %s", error)


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
