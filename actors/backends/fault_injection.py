"""Injected faults, for testing how a cluster recovers: part of the scripted backend.

In: optional keys of ``model.script``. They decide no answers and are not in the fingerprint.

``chaos_die_on``         dialogue ids, comma-separated: their turns kill the process
``chaos_hang_on``        dialogue ids: their turns block the process for ever
``chaos_error_on``       turns as dialogue id/turn: the engine answers them with an error
``chaos_failed_starts``  how many starts fail
``chaos_times``          how often each fault happens; without it, each time (needs chaos_folder)
``chaos_count``          1: count every turn, a byte each in ``chaos_folder/asked``
``chaos_folder``         a folder shared by all actors, where past faults are counted
"""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from conf.errors import ConfigError


class FaultInjection:
    """The faults that ``model.script`` names; none without its keys."""

    def __init__(self, script: Mapping[str, float | str]) -> None:
        self._die_on = _ids(script.get("chaos_die_on", ""))
        self._hang_on = _ids(script.get("chaos_hang_on", ""))
        self._error_on = _ids(script.get("chaos_error_on", ""))
        self._failed_starts = int(script.get("chaos_failed_starts", 0))
        self._times = int(script["chaos_times"]) if "chaos_times" in script else None
        self._folder = Path(str(script["chaos_folder"])) if "chaos_folder" in script else None
        self._counts = bool(script.get("chaos_count", 0))
        needed = self._times is not None or self._failed_starts or self._counts
        if self._folder is None and needed:
            raise ConfigError(
                "model.script.chaos_folder is missing; chaos_times, chaos_failed_starts and "
                "chaos_count need it"
            )

    def at_start(self) -> None:
        """Raise RuntimeError as often as starts are to fail."""
        if self._failed_starts and self._happens("start", self._failed_starts):
            raise RuntimeError("chaos: this start fails")

    def before_turn(self, dialogue_id: str) -> None:
        """Count the turn, then kill or block the process where the dialogue is to."""
        if self._counts and self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / "asked").open("ab", buffering=0) as counter:
                counter.write(b".")  # appending one byte is atomic: many processes may count
        if dialogue_id in self._die_on and self._happens(f"die-{dialogue_id}", self._times):
            os.kill(os.getpid(), signal.SIGKILL)
        if dialogue_id in self._hang_on and self._happens(f"hang-{dialogue_id}", self._times):
            while True:  # the whole event loop, as an engine that is stuck in native code
                time.sleep(3600)

    def answers_error(self, dialogue_id: str, turn: int) -> bool:
        """Return whether the engine answers this turn with an error, this time."""
        asked = f"{dialogue_id}/{turn}"
        return asked in self._error_on and self._happens(f"error-{dialogue_id}-{turn}", self._times)

    def _happens(self, what: str, times: int | None) -> bool:
        """Count one fault in the shared folder; return False once it happened often enough."""
        if times is None or self._folder is None:
            return True
        self._folder.mkdir(parents=True, exist_ok=True)
        for n in range(times):
            try:
                (self._folder / f"{what}.{n}").touch(exist_ok=False)
            except FileExistsError:
                continue
            return True
        return False


def _ids(value: float | str) -> frozenset[str]:
    return frozenset(str(value).split(",")) - {""}
