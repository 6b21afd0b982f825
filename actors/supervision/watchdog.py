"""Notices an engine that hangs: turns are open, and none has finished for too long.

In: the begin and end of each turn. Out: one call of ``on_stall``, from a thread of its own, so that
an event loop that is itself stuck is noticed too.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator


class Watchdog:
    """Watches from its making on; ``timeout_s`` None never calls. ``clock`` gives seconds."""

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
        self._since = self._looked = clock()
        if timeout_s is not None:
            threading.Thread(target=self._watch, args=(timeout_s,), daemon=True).start()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Be inside while a turn is open."""
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
        """Look: say what stands still, if anything has for longer than ``timeout_s``.

        If the last look was long ago, this process or its machine was itself suspended meanwhile,
        and the engine with it: the time counts from now on.
        """
        with self._lock:
            now = self._clock()
            if now - self._looked > timeout_s / 2:
                self._since = now
            self._looked = now
            stands = now - self._since
            if not self._open or stands <= timeout_s:
                return None
            return (
                f"the engine stalled: {self._open} turns open and none finished for {stands:.0f} s"
            )

    def _watch(self, timeout_s: float) -> None:
        while True:
            time.sleep(timeout_s / 8)
            found = self.stall(timeout_s)
            if found is not None:
                self._on_stall(found)
                return
