"""The Ray Data UDF: dialogues in, one turn record per turn out.

In: Arrow tables of DIALOGUE_SCHEMA. Out: Arrow tables of TURN_SCHEMA, every asked turn as one row.
Each dialogue is one coroutine; they share the engine and wait for nothing but their own answers. A
dialogue whose process died is tried again, in the end exclusively, and then quarantined: its turns
are failed rows with the reason.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import astuple, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from actors.backends.base import Chat, EngineDead, TurnFailed
from actors.backends.build import build_backend
from actors.backends.endpoint.backend import EndpointBackend
from actors.backends.endpoint.limit import RequestState
from actors.conversation import Conversation
from actors.logs import bind, configure_logging
from actors.prometheus import TurnMetrics
from actors.schema import TURN_SCHEMA, Dialogue, Turn, TurnRecord
from actors.supervision.admission import SharedExclusiveLock
from actors.supervision.attempts import AttemptRuling
from actors.supervision.process import OrderlyShutdown, SupervisedProcess, logged_cause
from actors.supervision.watchdog import Watchdog
from conf.errors import InfrastructureError
from conf.schema import RunConfig

logger = logging.getLogger(__name__)
_REPORT_EVERY_S = 1.0

Acquire = Callable[[], AbstractAsyncContextManager[None]]  # one way to hold the engine's lock


class DialogueActor:
    """Holds one backend as long as its process lives; made once per process of the pool.

    ``ledger`` is the handle of a Ray actor that holds an ``AttemptLedger``. ``reloads``: the
    backend's weights are to be reloaded later.
    """

    def __init__(
        self, run_id: str, config: RunConfig, ledger: Any, *, reloads: bool = False
    ) -> None:
        configure_logging()
        bind(run_id=run_id)
        self._run_id, self._config = run_id, config
        self._process = SupervisedProcess(ledger)
        self._backend = self._process.start_engine(
            lambda: build_backend(config, reloads=reloads),
            max_failures=config.compute.max_start_failures,
            max_unanswered=config.compute.max_unanswered_engines,
        )
        self._lock = SharedExclusiveLock()
        self._metrics = TurnMetrics(config.model.name)
        # A provider does not hang: each request is bounded, and waiting for it is no stall.
        stall_s = None if config.model.is_served else config.compute.stall_timeout_s
        self._watchdog = Watchdog(stall_s, self._process.exit_process)
        self._shutdown = OrderlyShutdown(self._backend.close)
        self._reported = -_REPORT_EVERY_S
        if isinstance(self._backend, EndpointBackend):
            self._backend.limit.on_change = self._report_requests

    async def __call__(self, batch: pa.Table) -> AsyncIterator[pa.Table]:
        """Converse over every dialogue of the batch at once; their records leave together."""
        self._shutdown.arrange()
        yield await self._answer(batch, self._lock.shared, self._lock.exclusive)

    async def _answer(self, batch: pa.Table, shared: Acquire, exclusive: Acquire) -> pa.Table:
        """Converse as the ledger rules; return the records of all dialogues, in TURN_SCHEMA."""
        dialogues = [Dialogue.from_row(row) for row in batch.to_pylist()]
        async with shared():
            rulings = await self._register_attempts(dialogues)
            finished = await asyncio.gather(
                *(
                    self._converse(dialogue, rulings[dialogue.dialogue_id].attempt)
                    for dialogue in dialogues
                    if rulings[dialogue.dialogue_id].ruling == "shared"
                )
            )
            finished += [
                self._quarantined(dialogue, rulings[dialogue.dialogue_id])
                for dialogue in dialogues
                if rulings[dialogue.dialogue_id].ruling == "quarantined"
            ]
        for dialogue in dialogues:
            if rulings[dialogue.dialogue_id].ruling == "exclusive":
                async with exclusive():
                    finished.append(await self._converse_exclusively(dialogue))
        rows = [record.to_row() for records in finished for record in records]
        return pa.Table.from_pylist(rows, schema=TURN_SCHEMA)

    def _report_requests(self, state: RequestState) -> None:
        """Tell the ledger, now and then, how the requests to a provider stand."""
        if time.monotonic() - self._reported >= _REPORT_EVERY_S:
            self._reported = time.monotonic()
            self._process.ledger.note_requests.remote(self._process.identity.actor, *astuple(state))

    def _key(self, dialogue_id: str) -> str:
        """Return a dialogue's name in the ledger."""
        return dialogue_id

    async def _register_attempts(self, dialogues: list[Dialogue]) -> dict[str, AttemptRuling]:
        """Ask the ledger how to treat these dialogues; one call per task."""
        keys = [self._key(d.dialogue_id) for d in dialogues]
        rulings: dict[str, AttemptRuling] = await self._process.ledger.register_attempts.remote(
            self._process.identity, keys
        )
        return {d.dialogue_id: rulings[key] for d, key in zip(dialogues, keys, strict=True)}

    async def _converse_exclusively(self, dialogue: Dialogue) -> list[TurnRecord]:
        ledger, key = self._process.ledger, self._key(dialogue.dialogue_id)
        attempt: int = await ledger.register_exclusive_attempt.remote(self._process.identity, key)
        records = await self._converse(dialogue, attempt)
        await ledger.exclusive_attempt_survived.remote(key)
        return records

    def _quarantined(self, dialogue: Dialogue, ruling: AttemptRuling) -> list[TurnRecord]:
        records = (self._new_record(dialogue, turn, ruling.attempt) for turn in dialogue.turns)
        return [replace(record, error=ruling.reason) for record in records]

    async def _converse(self, dialogue: Dialogue, attempt: int) -> list[TurnRecord]:
        bind(run_id=self._run_id, dialogue_id=dialogue.dialogue_id)
        conversation = Conversation(
            dialogue, box_dialect=self._config.model.box_dialect, seed=self._config.sampling.seed
        )
        chat = self._backend.open(dialogue)
        records = []
        with self._metrics.dialogue():
            for turn in dialogue.turns:
                record = self._new_record(dialogue, turn, attempt)
                with self._watchdog.turn():
                    record = await self._one_turn(conversation, chat, record)
                self._metrics.observe(record)
                records.append(record)
        return records

    def _new_record(self, dialogue: Dialogue, turn: Turn, attempt: int) -> TurnRecord:
        """Begin a turn's record: failed, until it is answered."""
        return TurnRecord(
            run_id=self._run_id,
            model=self._config.model.name,
            dialogue_id=dialogue.dialogue_id,
            turn=turn.turn,
            question=turn.question,
            status="failed",
            error=None,
            attempt=attempt,
            started_at=datetime.now(UTC),
        )

    async def _one_turn(
        self, conversation: Conversation, chat: Chat, record: TurnRecord
    ) -> TurnRecord:
        """Ask one turn. The only place that catches broadly: what it caught goes into the row."""
        started = time.monotonic()
        request = None
        try:
            request = conversation.next_request()
            if request is None:
                raise TurnFailed("the conversation ended before this turn")
            reply = await chat.ask(request)
        except EngineDead as error:
            # A dead engine would fail every row it is given: end, and let Ray start a new actor.
            self._process.exit_process(f"the engine died: {logged_cause() or error}")
        except InfrastructureError:
            raise  # ends the run, which can be resumed; as a row it would be held against the model
        except Exception as error:
            if request is not None:
                conversation.fail()
            if not isinstance(error, TurnFailed):
                logger.exception("turn %d failed", record.turn)
            reason = str(error) if isinstance(error, TurnFailed) else repr(error)
            return replace(record, error=reason, latency_s=time.monotonic() - started)
        self._process.note_answer()
        if reply.is_fed_back:
            conversation.accept(reply.text)
        else:
            conversation.fail()
        return replace(
            record,
            status="ok",
            response=reply.text,
            finish_reason=reply.finish_reason,
            prompt_tokens=reply.prompt_tokens,
            cached_tokens=reply.cached_tokens,
            completion_tokens=reply.completion_tokens,
            latency_s=time.monotonic() - started,
            input_sizes=reply.input_sizes,
            served=reply.served,
        )
