"""The Ray Data UDF: dialogues in, one turn record per turn out.

In: Arrow tables of DIALOGUE_SCHEMA. Out: Arrow tables of TURN_SCHEMA, every asked turn as one row.
Each dialogue is one coroutine; they share the engine and wait for nothing but their own answers.
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa

from actors.backends.base import Chat, EngineDead, TurnFailed
from actors.backends.build import build_backend
from actors.conversation import Conversation
from actors.ending import ClosesInOrder
from actors.schema import TURN_SCHEMA, Dialogue, Turn, TurnRecord
from conf.schema import RunConfig

logger = logging.getLogger(__name__)


class DialogueActor:
    """Holds one backend for its whole life; made once per actor of the pool."""

    def __init__(self, config: RunConfig, run_id: str) -> None:
        self._config = config
        self._run_id = run_id
        self._backend = build_backend(config)
        self._closing = ClosesInOrder(self._backend.close)

    async def __call__(self, batch: pa.Table) -> AsyncIterator[pa.Table]:
        """Converse over every dialogue of the batch at once; their records leave together."""
        self._closing.arrange()
        dialogues = [Dialogue.from_row(row) for row in batch.to_pylist()]
        done = await asyncio.gather(*(self._converse(d) for d in dialogues))
        rows = [record.to_row() for records in done for record in records]
        yield pa.Table.from_pylist(rows, schema=TURN_SCHEMA)

    async def _converse(self, dialogue: Dialogue) -> list[TurnRecord]:
        conversation = Conversation(
            dialogue, box_dialect=self._config.model.box_dialect, seed=self._config.sampling.seed
        )
        chat = self._backend.open(dialogue)
        return [await self._one_turn(conversation, chat, dialogue, t) for t in dialogue.turns]

    async def _one_turn(
        self, conversation: Conversation, chat: Chat, dialogue: Dialogue, turn: Turn
    ) -> TurnRecord:
        """Ask one turn. The only place that catches broadly: what it caught goes into the row."""
        asked = TurnRecord(
            run_id=self._run_id,
            model=self._config.model.name,
            dialogue_id=dialogue.dialogue_id,
            turn=turn.turn,
            question=turn.question,
            status="failed",
            error=None,
            started_at=datetime.now(UTC),
        )
        started = time.monotonic()
        request = None
        try:
            request = conversation.next_request()
            if request is None:
                raise TurnFailed("the conversation ended before this turn")
            reply = await chat.ask(request)
        except EngineDead as error:
            # A dead engine would fail every row it is given: end, and let Ray start a new actor.
            logger.error("dialogue %s: engine died: %s", dialogue.dialogue_id, error)
            os._exit(1)
        except Exception as error:
            if request is not None:
                conversation.fail()
            if not isinstance(error, TurnFailed):
                logger.exception("dialogue %s turn %d failed", dialogue.dialogue_id, turn.turn)
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
