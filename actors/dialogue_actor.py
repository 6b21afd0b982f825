"""The Ray Data UDF: dialogues in, one turn record per turn out.

In: Arrow tables of DIALOGUE_SCHEMA and the run_id that asks, one a table. Out: Arrow tables of
TURN_SCHEMA, every asked turn as one row. Each dialogue is one coroutine; they share the engine and
wait for nothing but their own answers. Runs may share an actor where their checkpoints differ in
weights alone: a task of another run waits until nothing is open, then has the weights reloaded.
A dialogue whose process died is tried again, in the end alone, and then quarantined: its turns are
failed rows with the reason.
"""

import asyncio
import functools
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from actors.backends.base import Chat, EngineDead, ReloadError, TurnFailed
from actors.backends.build import build_backend
from actors.conversation import Conversation
from actors.logs import bind, configure_logging
from actors.prometheus import TurnMetrics
from actors.reload_check import Probe, Reloading
from actors.schema import TURN_SCHEMA, Dialogue, Turn, TurnRecord
from actors.supervision.admission import Gate
from actors.supervision.attempts import Verdict
from actors.supervision.process import ClosesInOrder, Life
from actors.supervision.watchdog import Watchdog
from conf.errors import StorageDown
from conf.schema import RunConfig

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Run:
    """Who asks."""

    run_id: str
    config: RunConfig

    def key(self, dialogue: Dialogue) -> str:
        """Name a dialogue for the ledger: every run of an actor asks the same ones."""
        return f"{self.run_id}/{dialogue.dialogue_id}"


class DialogueActor:
    """Holds one backend for its whole life; made once per process of the pool.

    ``configs`` are the runs by run_id; the engine starts for the first. ``ledger`` is the handle of
    a Ray actor that holds a ``Ledger`` of ``actors.supervision.attempts``. ``probe`` says whether
    this engine is to show what it is, or holds what another one showed.
    """

    def __init__(
        self, configs: dict[str, RunConfig], ledger: Any, probe: Probe | None = None
    ) -> None:
        configure_logging()
        run_id, config = next(iter(configs.items()))
        bind(run_id=run_id)
        self._configs = configs
        self._life = Life(ledger)
        self._backend = self._life.start(
            lambda: build_backend(config, reloads=probe is not None),
            max_failures=config.compute.max_start_failures,
        )
        self._reloading = Reloading(self._backend, config, probe.reference if probe else None)
        self._records = probe is not None and probe.reference is None
        self._gate = Gate("" if self._records else run_id)
        self._metrics = TurnMetrics(config.model.name)
        self._watchdog = Watchdog(config.compute.stall_timeout_s, self._life.end)
        self._closing = ClosesInOrder(self._backend.close)

    async def __call__(self, batch: pa.Table) -> AsyncIterator[pa.Table]:
        """Converse over every dialogue of the batch at once; their records leave together."""
        self._closing.arrange()
        dialogues = [Dialogue.from_row(row) for row in batch.to_pylist()]
        run_id = batch["run_id"][0].as_py()
        run = _Run(run_id, self._configs[run_id])
        try:
            done = await self._answers(run, dialogues)
        except ReloadError as error:
            # As an error of this task it would take answers along that are on their way.
            await self._life.ledger.give_up.remote(str(error))
            done = []
        rows = [record.to_row() for records in done for record in records]
        yield pa.Table.from_pylist(rows, schema=TURN_SCHEMA)

    async def _answers(self, run: _Run, dialogues: list[Dialogue]) -> list[list[TurnRecord]]:
        """Converse as the ledger rules; raises ReloadError where this actor must not answer."""
        change = functools.partial(self._change, run, dialogues)
        async with self._gate.together(run.run_id, change):
            verdicts = await self._verdicts(run, dialogues)
            begun = [d for d in dialogues if verdicts[run.key(d)].ruling == "together"]
            done = await asyncio.gather(
                *(self._converse(run, d, verdicts[run.key(d)].attempt) for d in begun)
            )
        for dialogue in dialogues:
            verdict = verdicts[run.key(dialogue)]
            if verdict.ruling == "alone":
                async with self._gate.alone(run.run_id, change):
                    done.append(await self._alone(run, dialogue))
            elif verdict.ruling == "quarantined":
                done.append(self._quarantined(run, dialogue, verdict))
        return done

    async def _change(self, run: _Run, dialogues: list[Dialogue]) -> None:
        """Make this actor another run's; raises ReloadError where that cannot be trusted."""
        if self._records:
            reference = await self._reloading.record(dialogues)
            await self._life.ledger.keep.remote(reference)
            self._records = False
        await self._reloading.take(run.config)
        self._metrics.serve(run.config.model.name)

    async def _verdicts(self, run: _Run, dialogues: list[Dialogue]) -> dict[str, Verdict]:
        """Ask the ledger how to treat these dialogues; one call per task."""
        keys = [run.key(d) for d in dialogues]
        found: dict[str, Verdict] = await self._life.ledger.starting.remote(
            self._life.incarnation, keys
        )
        return found

    async def _alone(self, run: _Run, dialogue: Dialogue) -> list[TurnRecord]:
        key = run.key(dialogue)
        attempt: int = await self._life.ledger.starting_alone.remote(self._life.incarnation, key)
        records = await self._converse(run, dialogue, attempt)
        await self._life.ledger.finished_alone.remote(key)
        return records

    def _quarantined(self, run: _Run, dialogue: Dialogue, verdict: Verdict) -> list[TurnRecord]:
        asked = (self._asked(run, dialogue, turn, verdict.attempt) for turn in dialogue.turns)
        return [replace(record, error=verdict.reason) for record in asked]

    async def _converse(self, run: _Run, dialogue: Dialogue, attempt: int) -> list[TurnRecord]:
        bind(run_id=run.run_id, dialogue_id=dialogue.dialogue_id)
        config = run.config
        conversation = Conversation(
            dialogue, box_dialect=config.model.box_dialect, seed=config.sampling.seed
        )
        chat = self._backend.open(dialogue)
        records = []
        with self._metrics.dialogue():
            for turn in dialogue.turns:
                asked = self._asked(run, dialogue, turn, attempt)
                with self._watchdog.turn():
                    record = await self._one_turn(conversation, chat, asked)
                self._metrics.observe(record)
                records.append(record)
        return records

    def _asked(self, run: _Run, dialogue: Dialogue, turn: Turn, attempt: int) -> TurnRecord:
        """Begin a turn's record: failed, until it is answered."""
        return TurnRecord(
            run_id=run.run_id,
            model=run.config.model.name,
            dialogue_id=dialogue.dialogue_id,
            turn=turn.turn,
            question=turn.question,
            status="failed",
            error=None,
            attempt=attempt,
            started_at=datetime.now(UTC),
        )

    async def _one_turn(
        self, conversation: Conversation, chat: Chat, asked: TurnRecord
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
            self._life.end(f"the engine died: {error}")
        except StorageDown:
            raise  # ends the run, which can be resumed; as a row it would be held against the model
        except Exception as error:
            if request is not None:
                conversation.fail()
            if not isinstance(error, TurnFailed):
                logger.exception("turn %d failed", asked.turn)
            reason = str(error) if isinstance(error, TurnFailed) else repr(error)
            return replace(asked, error=reason, latency_s=time.monotonic() - started)
        conversation.accept(reply.text)
        return replace(
            asked,
            status="ok",
            response=reply.text,
            finish_reason=reply.finish_reason,
            prompt_tokens=reply.prompt_tokens,
            cached_tokens=reply.cached_tokens,
            completion_tokens=reply.completion_tokens,
            latency_s=time.monotonic() - started,
            input_sizes=reply.input_sizes,
        )
