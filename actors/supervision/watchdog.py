"""Notices an engine that hangs: turns are open, and none has finished for too long.

In: the begin and end of each turn. Out: one call of ``on_stall``, from a thread of its own, so that
an event loop that is itself stuck is noticed too.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator


class Watchdog:
    """Watches as soon as it is made; ``timeout_s`` None never calls. ``clock`` returns seconds."""

    def __init__(
        self,
        timeout_s: float | None,
        on_stall: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_stall = on_stall
        self._clock = clock
        self._lock = threading.Lock()
        self._open = 0
        self._since = self._checked = clock()
        if timeout_s is not None:
            threading.Thread(target=self._watch, args=(timeout_s,), daemon=True).start()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Count a turn as open inside the block."""
        with self._lock:
            if not self._open:
                self._since = self._clock()  # nothing was open: nothing stood still
            self._open += 1
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1
                self._since = self._clock()

    def stall(self, timeout_s: float) -> str | None:
        """Return what stands still, if anything has for longer than ``timeout_s``; else None.

        If the last check was long ago, this process or its machine was itself suspended meanwhile,
        and the engine with it: the time counts from now on.
        """
        with self._lock:
            now = self._clock()
            if now - self._checked > timeout_s / 2:
                self._since = now
            self._checked = now
            stands = now - self._since
            if not self._open or stands <= timeout_s:
                return None
            return (
                f"the engine stalled: {self._open} turns open and none finished for {stands:.0f} s"
            )

    def _watch(self, timeout_s: float) -> None:
        while True:
            time.sleep(timeout_s / 8)
            stall = self.stall(timeout_s)
            if stall is not None:
                self._on_stall(stall)
                return
