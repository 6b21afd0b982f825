"""Progress of a run that can be read at any time: a bar in a terminal, plain lines in a job log.

In: counts of finished turns and tokens. Out: turns done/total, turns/s, tokens/s, time left.
"""

import sys
import threading
import time
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_LINE_EVERY_S = 10.0


class TurnProgress:
    """A context manager; ``show`` after every finished task. Rates count from the first answer."""

    def __init__(self, total: int, name: str, stream: TextIO = sys.stderr) -> None:
        self._total, self._name, self._stream = total, name, stream
        self._turns = self._failed = self._tokens = 0
        self._started = time.monotonic()
        self._first: float | None = None
        self._before = (0, 0)  # turns and tokens of the first task
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._print_lines, daemon=True)
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
            self._task = self._bar.add_task("turns", total=total, rates="starting the engine")

    def __enter__(self) -> "TurnProgress":
        if self._bar is not None:
            self._bar.start()
        else:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._bar is not None:
            self._bar.stop()
        else:
            self._thread.join()
            self._line()

    def show(self, *, turns: int, failed: int, tokens: int) -> None:
        """Take the finished turns so far, those of them that failed, and the tokens generated."""
        if self._first is None:
            # Rates count from here: the first task's own time is the engine's start, mostly.
            self._first, self._before = time.monotonic(), (turns, tokens)
        self._turns, self._failed, self._tokens = turns, failed, tokens
        if self._bar is not None:
            self._bar.update(self._task, completed=turns, rates=self.rates())

    def rates(self) -> str:
        """Say how fast it goes and how long it will take."""
        if self._first is None:
            return f"starting the engine, {time.monotonic() - self._started:.0f} s"
        seconds = time.monotonic() - self._first
        turns, tokens = self._turns - self._before[0], self._tokens - self._before[1]
        failed = f", {self._failed} failed" if self._failed else ""
        finished = self._turns >= self._total
        if not turns:
            return ("done" if finished else "answering") + failed
        left = "done" if finished else self._left(turns / seconds)
        return f"{turns / seconds:.1f} turns/s, {tokens / seconds:.0f} tokens/s, {left}{failed}"

    def _left(self, rate: float) -> str:
        return f"{_clock((self._total - self._turns) / rate)} left"

    def _print_lines(self) -> None:
        while True:
            self._line()
            if self._stop.wait(_LINE_EVERY_S):
                return

    def _line(self) -> None:
        done = f"{self._name}: turns {self._turns}/{self._total}"
        print(f"{done}, {self.rates()}", file=self._stream, flush=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
