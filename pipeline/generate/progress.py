"""Progress of a run that can be read at any time: a bar in a terminal, plain lines in a job log.

In: counts of finished turns and tokens. Out: turns done/total, turns/s, tokens/s, time left; before
the first answer, what is waited for.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TextIO

import ray
import ray.exceptions
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_LINE_EVERY_S, _BAR_EVERY_S = 10.0, 1.0
_ASK_S = 5.0


class TurnProgress:
    """A context manager; ``show`` after every finished task. Rates count from the first answer.

    ``waiting_for`` describes what happens before the first answer, ``beside`` what else is to be
    told; both are called now and then.
    """

    def __init__(
        self,
        total: int,
        name: str,
        waiting_for: Callable[[], str],
        stream: TextIO = sys.stderr,
        *,
        beside: Callable[[], str] = str,
    ) -> None:
        self._total, self._name, self._stream = total, name, stream
        self._waiting_for = waiting_for
        self._beside = beside
        self._turns = self._failed = self._tokens = 0
        self._started = time.monotonic()
        self._first: float | None = None
        self._before = (0, 0)  # turns and tokens of the first task
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._refresh, daemon=True)
        self._bar: Progress | None = None
        if stream.isatty():
            self._bar = Progress(
                TextColumn(f"{name}: turns"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[rates]}"),
                console=Console(file=stream),
            )
            self._task = self._bar.add_task("turns", total=total, rates="")

    def __enter__(self) -> "TurnProgress":
        if self._bar is not None:
            self._bar.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._print()
        if self._bar is not None:
            self._bar.stop()

    def show(self, *, turns: int, failed: int, tokens: int) -> None:
        """Set the finished turns so far, those of them that failed, and the tokens generated."""
        if self._first is None:
            # Rates count from here: the first task's own time is the engine's start, mostly.
            self._first, self._before = time.monotonic(), (turns, tokens)
        self._turns, self._failed, self._tokens = turns, failed, tokens

    def rates(self) -> str:
        """Describe how fast it goes and how long it will take, or what is waited for."""
        beside = self._beside()
        beside = f", {beside}" if beside else ""
        if self._first is None:
            waited = time.monotonic() - self._started
            return f"{self._waiting_for()}, {waited:.0f} s{beside}"
        seconds = time.monotonic() - self._first
        turns, tokens = self._turns - self._before[0], self._tokens - self._before[1]
        failed = (f", {self._failed} failed" if self._failed else "") + beside
        finished = self._turns >= self._total
        if not turns:
            return ("done" if finished else "answering") + failed
        left = "done" if finished else self._left(turns / seconds)
        return f"{turns / seconds:.1f} turns/s, {tokens / seconds:.0f} tokens/s, {left}{failed}"

    def _left(self, rate: float) -> str:
        return f"{_clock((self._total - self._turns) / rate)} left"

    def _refresh(self) -> None:
        every_s = _LINE_EVERY_S if self._bar is None else _BAR_EVERY_S
        while True:
            self._print()
            if self._stop.wait(every_s):
                return

    def _print(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=self._turns, rates=self.rates())
            return
        done = f"{self._name}: turns {self._turns}/{self._total}"
        print(f"{done}, {self.rates()}", file=self._stream, flush=True)


def engine_state(ledger: Any) -> str:
    """Ask a ledger's actor what an answer is waited for."""
    with contextlib.suppress(ray.exceptions.RayError):  # it is busy, or ends just now
        state: str = ray.get(ledger.engine_state.remote(), timeout=_ASK_S)
        return state
    return "starting the engine"


def request_state(ledger: Any) -> str:
    """Ask a ledger's actor how the requests to a provider stand."""
    with contextlib.suppress(ray.exceptions.RayError):
        state: str = ray.get(ledger.requests.remote(), timeout=_ASK_S)
        return state
    return ""


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
