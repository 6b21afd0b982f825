"""One actor process: its start, which may fail, its end on purpose, and its orderly end.

In: a ledger's handle and a way to build the engine. Out: the engine; or a dead process, which Ray
replaces by another under the same actor id, so the ledger can count how often that happened.
"""

import logging
import multiprocessing
import os
import re
import threading
import time
import uuid
import weakref
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import ray
import ray.data

from actors.supervision.attempts import ActorProcess
from conf.errors import BadInput

logger = logging.getLogger(__name__)
T = TypeVar("T")

# What another start would not mend: wrong arguments or settings, missing packages or files.
_PERMANENT = (BadInput, ValueError, TypeError, ImportError, FileNotFoundError)
_REPORT_S = 5.0
_LOG_TAIL = 2**18  # bytes; an engine's trace is some ten thousand
_CAUSE_LENGTH = 400
# At the start of a line, or after a logger's prefix such as "ERROR 11-25 [core.py:1]".
_LOGGED = re.compile(r"^(?:.*\] )?((?!ray\.)[A-Za-z_][\w.]*(?:Error|Exception)\b.*)$", re.MULTILINE)
_LONGEST_PAUSE_S = 30.0


class EngineStartError(RuntimeError):
    """The actor's process died too often in its constructor, or before it answered anything."""


class SupervisedProcess:
    """Made in an actor's constructor. ``ledger`` is the handle of an ``AttemptLedger`` actor."""

    def __init__(self, ledger: Any) -> None:
        context = ray.get_runtime_context()
        self.ledger = ledger
        self._answered = False
        self.identity = ActorProcess(
            process=uuid.uuid4().hex,
            actor=context.get_actor_id() or "",
            node=context.get_node_id(),
        )

    def start_engine(self, build: Callable[[], T], *, max_failures: int, max_unanswered: int) -> T:
        """Build the engine; where that fails, end the process for another to try, at most so often.

        A new process and not a second try in this one: an engine that failed half-way may hold
        memory and threads.

        Raises:
            EngineStartError: the processes before this one died while they started, or
                ``max_unanswered`` engines of the run died before any turn was answered.
            Exception: what ``build`` raised, if it cannot be mended or was the last try.
        """
        history = ray.get(self.ledger.register_start.remote(self.identity))
        failed = history.failed
        if failed > max_failures:
            raise EngineStartError(
                f"the actor failed to start {failed} times in a row: {history.reason}"
            )
        if history.unanswered >= max_unanswered:
            raise EngineStartError(
                f"{history.unanswered} engines died before any turn was answered, the last one: "
                f"{history.reason}"
            )
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

    def note_answer(self) -> None:
        """Report to the ledger, once, that this process's engine answered a turn."""
        if not self._answered:
            self._answered = True
            self.ledger.register_answer.remote()

    def _report(self, reason: str) -> None:
        ray.get(self.ledger.register_exit.remote(self.identity, reason), timeout=_REPORT_S)


def logged_cause() -> str | None:
    """Return the last exception that this process or its children wrote to their log files.

    An engine's own process says there why it ended; what it passes on is only that it did. None
    where the streams are no files, or hold no exception.
    """
    causes = []
    for stream in ("/proc/self/fd/1", "/proc/self/fd/2"):
        path = os.path.realpath(stream)
        if not os.path.isfile(path):
            continue
        try:
            with open(path, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _LOG_TAIL))
                text = file.read().decode(errors="replace")
        except OSError:
            continue
        causes += [m[1] for m in _LOGGED.finditer(text) if "EngineDead" not in m[1]]
    return causes[-1].strip()[:_CAUSE_LENGTH] if causes else None


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
