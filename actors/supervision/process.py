"""One actor process: its start, which may fail, its end on purpose, and its orderly end.

In: a ledger's handle and a way to build the engine. Out: the engine; or a dead process, which Ray
replaces by another under the same actor id, so the ledger can count how often that happened.
"""

import logging
import multiprocessing
import os
import threading
import time
import uuid
import weakref
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import ray
import ray.data

from actors.supervision.attempts import ActorProcess
from conf.errors import BadInput, ConfigError

logger = logging.getLogger(__name__)
T = TypeVar("T")

# What another start would not mend: wrong arguments, missing packages or files.
_PERMANENT = (BadInput, ConfigError, ValueError, TypeError, ImportError, FileNotFoundError)
_REPORT_S = 5.0
_LONGEST_PAUSE_S = 30.0


class StartsExhausted(RuntimeError):
    """The actor's process died in its constructor too often in a row."""


class SupervisedProcess:
    """Made in an actor's constructor. ``ledger`` is the handle of an ``AttemptLedger`` actor."""

    def __init__(self, ledger: Any) -> None:
        context = ray.get_runtime_context()
        self.ledger = ledger
        self.identity = ActorProcess(
            process=uuid.uuid4().hex,
            actor=context.get_actor_id() or "",
            node=context.get_node_id(),
        )

    def start_engine(self, build: Callable[[], T], *, max_failures: int) -> T:
        """Build the engine; where that fails, end the process for another to try, at most so often.

        A new process and not a second try in this one: an engine that failed half-way may hold
        memory and threads.

        Raises:
            StartsExhausted: the processes before this one died while they started.
            Exception: what ``build`` raised, if it cannot be mended or was the last try.
        """
        failed, reason = ray.get(self.ledger.register_start.remote(self.identity))
        if failed > max_failures:
            raise StartsExhausted(f"the actor failed to start {failed} times in a row: {reason}")
        try:
            built = build()
        except _PERMANENT:
            raise
        except Exception as error:
            if failed >= max_failures:
                raise
            logger.exception("start %d of %d failed", failed + 1, max_failures + 1)
            time.sleep(min(2.0**failed, _LONGEST_PAUSE_S))
            self.exit_process(f"its start failed: {error!r}")
        ray.get(self.ledger.start_succeeded.remote(self.identity))
        return built

    def exit_process(self, reason: str) -> NoReturn:
        """Report the reason to the ledger, end the engine's processes, end this process."""
        logger.error("actor process ends: %s", reason)
        report = threading.Thread(target=self._report, args=(reason,), daemon=True)
        report.start()
        report.join(_REPORT_S)
        # An engine process that hangs would keep its GPU memory from the next one.
        for child in multiprocessing.active_children():
            child.kill()
        os._exit(1)

    def _report(self, reason: str) -> None:
        ray.get(self.ledger.register_exit.remote(self.identity, reason), timeout=_REPORT_S)


class OrderlyShutdown:
    """Closes an engine when Ray Data lets go of the actor.

    Ray Data ends an actor by dropping its context, then Ray kills the process's children: without
    this, the engine's orderly end would be logged as its death. A ``__del__`` of the actor's class
    comes too late, since finished coroutines still refer to it until the next gc.
    """

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._finalizer: weakref.finalize[..., object] | None = None

    def arrange(self) -> None:
        """Call at the start of each batch: the context exists from the first one on."""
        context = getattr(ray.data, "_map_actor_context", None)
        if self._finalizer is None and context is not None:
            self._finalizer = weakref.finalize(context, self._close)
