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
        self._since = clock()
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

    def stands_for(self) -> tuple[int, float]:
        """Give the turns that are open, and for how many seconds none has finished."""
        with self._lock:
            return self._open, self._clock() - self._since if self._open else 0.0

    def _watch(self, timeout_s: float) -> None:
        while True:
            time.sleep(timeout_s / 8)
            open_turns, stands = self.stands_for()
            if stands > timeout_s:
                self._on_stall(
                    f"the engine stalled: {open_turns} turns open and none finished "
                    f"for {stands:.0f} s"
                )
                return
