"""An actor that answers several runs with one engine, whose weights it reloads in between.

In: Arrow tables of DIALOGUE_SCHEMA and the run_id that asks, one a table. Out: Arrow tables of
TURN_SCHEMA. A task of another run waits until no dialogue is open, then has the engine take that
run's weights.
"""

import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from actors.backends.base import ReloadError
from actors.dialogue_actor import DialogueActor
from actors.reload_check import Probe, Reloading
from actors.schema import Dialogue
from actors.supervision.admission import SharedExclusiveLock
from actors.supervision.attempts import AttemptLedger
from conf.schema import RunConfig

RUN_ID = "run_id"  # the column of a task that names its run

Change = Callable[[], Awaitable[None]]


@dataclass
class ReloadLedger(AttemptLedger):
    """Counts attempts, and keeps what an engine showed and why one was given up."""

    _reference: object = None
    _failure: str | None = None

    def keep_reference(self, reference: object) -> None:
        """Keep what an engine showed as it was started; the first one's."""
        self._reference = self._reference or reference

    def register_failure(self, reason: str) -> None:
        """Note that an engine answers nothing more; the first reason is kept."""
        self._failure = self._failure or reason

    def outcome(self) -> tuple[str | None, object]:
        """Return why an engine answers nothing more, if one does, and what was kept, or None."""
        return self._failure, self._reference


class KeyedLock(SharedExclusiveLock):
    """A lock whose shared holders all have one key; the key changes while nobody holds it.

    Requests with the present key pass those that wait for another: Ray hands an actor its tasks out
    of order, and the key would be changed to and fro.
    """

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key: str | None = key

    @contextlib.asynccontextmanager
    async def shared_by(self, key: str, change: Change) -> AsyncIterator[None]:
        """Hold the lock beside others of the same key; ``change`` is awaited if it was another."""
        while not await self._admitted(key, change):
            await self._unused.wait()
        try:
            yield
        finally:
            self._release()

    @contextlib.asynccontextmanager
    async def exclusive_to(self, key: str, change: Change) -> AsyncIterator[None]:
        """Hold the lock alone; ``change`` as for ``shared_by``."""
        async with self.exclusive():
            await self._set_key(key, change)
            yield

    async def _admitted(self, key: str, change: Change) -> bool:
        async with self._entrance:
            if self._shared and key != self._key:
                return False
            await self._set_key(key, change)
            self._acquire()
            return True

    async def _set_key(self, key: str, change: Change) -> None:
        if key != self._key:
            self._key = None  # a change that fails leaves a lock that nobody has the key of
            await change()
            self._key = key


class ReloadingActor(DialogueActor):
    """Holds one backend; its engine starts for the first of ``configs``, which are runs by run_id.

    ``ledger`` is the handle of a Ray actor that holds a ``ReloadLedger``. ``probe`` says whether
    this engine is to show what it is, or holds what another one showed.
    """

    def __init__(self, configs: dict[str, RunConfig], ledger: Any, probe: Probe) -> None:
        run_id, config = next(iter(configs.items()))
        super().__init__(run_id, config, ledger, reloads=True)
        self._configs = configs
        self._reloading = Reloading(self._backend, config, probe.reference)
        self._records = probe.reference is None
        self._keyed_lock = KeyedLock("" if self._records else run_id)

    async def __call__(self, batch: pa.Table) -> AsyncIterator[pa.Table]:
        """Converse over every dialogue of the batch; nothing leaves once a reload has failed."""
        self._shutdown.arrange()
        run_id = batch[RUN_ID][0].as_py()
        change = functools.partial(self._change_run, run_id, batch)
        try:
            records = await self._answer(
                batch,
                functools.partial(self._keyed_lock.shared_by, run_id, change),
                functools.partial(self._keyed_lock.exclusive_to, run_id, change),
            )
        except ReloadError as error:
            # As an error of this task it would take answers along that are on their way.
            await self._process.ledger.register_failure.remote(str(error))
        else:
            yield records

    def _key(self, dialogue_id: str) -> str:
        """Return a dialogue's name in the ledger: every run of an actor asks the same ones."""
        return f"{self._run_id}/{dialogue_id}"

    async def _change_run(self, run_id: str, batch: pa.Table) -> None:
        """Make this actor another run's; raises ReloadError where that cannot be trusted."""
        if self._records:
            dialogues = [Dialogue.from_row(row) for row in batch.to_pylist()]
            reference = await self._reloading.record(dialogues)
            await self._process.ledger.keep_reference.remote(reference)
            self._records = False
        config = self._configs[run_id]
        await self._reloading.take(config)
        self._run_id, self._config = run_id, config
        self._metrics.serve(config.model.name)
