"""One writer per run: a lease file in the run directory, renewed while the run goes on.

In: a run directory. Out: a context in which nobody else generates into it; a second run is refused
in one sentence. A lease whose process is gone from this machine is taken over at once; another's
when it has expired and does not move while it is watched, so that clocks that differ do no harm.

On a local or network filesystem taking a lease is exclusive (a lock file). On an object store it is
exclusive where the store honours If-None-Match; elsewhere two runs that start within ``_SETTLE_S``
of each other are resolved by reading back after that time: the later writer has it.
"""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from filelock import FileLock

from actors.storage.files import join, read_bytes, remove, write_bytes, write_new
from actors.storage.filesystem import is_local
from conf.errors import EvaluationError, InfrastructureError
from pipeline.runs.lease_owner import LeaseOwner

logger = logging.getLogger(__name__)

_SETTLE_S = 1.0
_CLOCKS_S = 60.0


@dataclass(frozen=True, kw_only=True)
class LeaseTiming:
    """Seconds: how long a lease holds, and how often it is renewed."""

    expires_s: float = 60.0
    renew_s: float = 10.0


@dataclass
class Lease:
    """A lease that is held. ``check`` before each write."""

    path: str
    holder: LeaseOwner
    timing: LeaseTiming
    _renewed: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)
    _taken_by: LeaseOwner | None = None

    def check(self) -> None:
        """Check that nobody took over, also after this machine was suspended for a while.

        Raises:
            InfrastructureError: somebody did, or could have: the lease ran out and cannot be read.
        """
        if time.monotonic() - self._renewed > self.timing.expires_s:
            try:
                self.renew()
            except EvaluationError as error:
                raise InfrastructureError(
                    f"the lease could not be renewed for {self.timing.expires_s:g} s ({error}); "
                    "run the same command again to resume"
                ) from error
        if self._taken_by is not None:
            raise InfrastructureError(f"this run was taken over by {self._taken_by}; it ends here")

    def renew(self) -> None:
        """Write the lease again with a later end, unless another owner's replaced it."""
        current = _read(self.path)
        if current is not None and current.owner != self.holder.owner:
            self._taken_by = current
            return
        began = time.monotonic()
        _write(self.path, self.holder.extended(self.timing.expires_s))
        self._renewed = began

    def keep_renewing(self) -> None:
        """Renew until ``stop``; to be run in a thread."""
        while not self._stop.wait(self.timing.renew_s) and self._taken_by is None:
            try:
                self.renew()
            except EvaluationError as error:  # storage is down: ``check`` says when it is too long
                logger.warning("lease not renewed: %s", error)

    def stop(self) -> None:
        """Renew no more."""
        self._stop.set()


@contextlib.contextmanager
def hold(root: str, timing: LeaseTiming | None = None) -> Iterator[Lease]:
    """Hold the lease of a run directory inside the block.

    Raises:
        InfrastructureError: another process is at it; names host, process, age and expiry.
    """
    timing = timing or LeaseTiming()
    path = join(root, "lease.json")
    lease = Lease(path=path, holder=_take(path, timing), timing=timing)
    renewer = threading.Thread(target=lease.keep_renewing, daemon=True)
    renewer.start()
    try:
        yield lease
    finally:
        lease.stop()
        renewer.join()
        # Where storage is down the lease stays, and is stale once this process is gone.
        with contextlib.suppress(EvaluationError):
            current = _read(path)
            if current is not None and current.owner == lease.holder.owner:
                remove(path)


def is_held(root: str, now: float) -> bool:
    """Return whether a process is at a run at ``now``, in Unix time; clocks may differ by a minute.

    Reads the lease alone: what it says of a process on another machine is as old as its renewal.
    """
    owner = _read(join(root, "lease.json"))
    return owner is not None and not owner.is_gone() and now < owner.until + _CLOCKS_S


def _take(path: str, timing: LeaseTiming) -> LeaseOwner:
    if is_local(path):
        folder = Path(path).parent
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lease.lock"):
            return _take_unguarded(path, timing)
    mine = _take_unguarded(path, timing)
    time.sleep(_SETTLE_S)
    current = _read(path)
    if current is None or current.owner != mine.owner:
        raise _refusal(path, current)
    return mine


def _take_unguarded(path: str, timing: LeaseTiming) -> LeaseOwner:
    mine = LeaseOwner.this_process(timing.expires_s)
    if write_new(path, _encoded(mine)):
        return mine
    current = _read(path)
    if current is not None and current.owner != mine.owner:
        if not _is_stale(path, current, timing):
            raise _refusal(path, current)
        logger.warning("the lease of %s is stale; taken over", current)
    mine = mine.extended(timing.expires_s)
    _write(path, mine)
    return mine


def _is_stale(path: str, current: LeaseOwner, timing: LeaseTiming) -> bool:
    """Return whether an owner is gone: its process is, or it expired and is not being renewed."""
    if current.is_gone():
        return True
    if time.time() < current.until:
        return False
    time.sleep(2 * timing.renew_s)  # its clock may be behind this one's: a live owner renews
    return _read(path) == current


def _read(path: str) -> LeaseOwner | None:
    try:
        return LeaseOwner(**json.loads(read_bytes(path)))
    except FileNotFoundError:
        return None


def _write(path: str, owner: LeaseOwner) -> None:
    write_bytes(path, _encoded(owner))


def _encoded(owner: LeaseOwner) -> bytes:
    return json.dumps(asdict(owner)).encode()


def _refusal(path: str, current: LeaseOwner | None) -> InfrastructureError:
    if current is None:
        return InfrastructureError(f"{path} changes hands; run the same command again")
    return InfrastructureError(
        f"this run is being generated by {current}; its lease {path} expires in "
        f"{max(0.0, current.until - time.time()):.0f} s unless renewed; wait, or end that process"
    )
