"""Who holds a lease: one process, named so that one can see whether it still runs.

In: a process id. Out: a name of that process that no later process of any machine has.
"""

import os
import socket
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class LeaseOwner:
    """The holder of a lease; ``since`` and ``until`` are Unix time, in seconds."""

    owner: str
    host: str
    pid: int
    process: str
    since: float
    until: float

    @classmethod
    def this_process(cls, expires_s: float) -> "LeaseOwner":
        """Return an owner for this process, which may have several."""
        now = time.time()
        return cls(
            owner=uuid.uuid4().hex,
            host=socket.gethostname(),
            pid=os.getpid(),
            process=_process(os.getpid()),
            since=now,
            until=now + expires_s,
        )

    def extended(self, expires_s: float) -> "LeaseOwner":
        """Hold for that long from now on."""
        return replace(self, until=time.time() + expires_s)

    def is_gone(self) -> bool:
        """Return whether this was a process of this machine that runs no more."""
        place = _place()
        return bool(place) and self.process.startswith(f"{place}/") and not self._runs()

    def _runs(self) -> bool:
        return self.process == _process(self.pid)

    def __str__(self) -> str:
        """Name host, process and age."""
        age = max(0.0, time.time() - self.since)
        return f"process {self.pid} on {self.host} for {age:.0f} s"


def _place() -> str:
    """Name this boot of this machine and this process namespace; empty where /proc does not say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""


def _process(pid: int) -> str:
    """Name a process by its place and start, in clock ticks since boot; '-' if it runs no more."""
    started = "-"
    try:
        # proc(5): after the name in parentheses come the state (field 3) and, as 22, the start.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        started = "-" if fields[0] == "Z" else fields[19]
    except OSError:
        pass
    return f"{_place()}/{started}"
