"""The Ray Data UDF of a judge: tasks in, the judge's replies out.

In: Arrow tables of JUDGE_TASK_SCHEMA. Out: Arrow tables of JUDGE_REPLY_SCHEMA, one row per task.
Each task is sent to the judge as a dialogue of one turn. Replies are read in ``pipeline.judge``.
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator

import pyarrow as pa

from actors.backends.base import REFUSAL, EngineDead, TurnFailed
from actors.backends.build import build_judge
from actors.conversation import ChatRequest, UserMessage, caption
from actors.schema import DIALOGUE_SCHEMA, Dialogue, Image, Row, Turn
from actors.supervision.process import OrderlyShutdown
from conf.errors import InfrastructureError
from conf.judge import JudgeConfig

logger = logging.getLogger(__name__)

_s = pa.string()
JUDGE_TASK_SCHEMA = pa.schema(
    [
        pa.field("key", _s, nullable=False),
        pa.field("system", _s, nullable=False),
        pa.field("prompt", _s, nullable=False),
        pa.field("json_schema", _s),
        pa.field("images", DIALOGUE_SCHEMA.field("images").type),
    ]
)
JUDGE_REPLY_SCHEMA = pa.schema(
    [
        pa.field("key", _s, nullable=False),
        pa.field("text", _s),
        pa.field("reason", _s),
        pa.field("finish_reason", _s),
        pa.field("prompt_tokens", pa.int32()),
        pa.field("completion_tokens", pa.int32()),
        pa.field("latency_s", pa.float64()),
    ]
)


class JudgeActor:
    """One judge's backend, in an actor of its own."""

    def __init__(self, judge: JudgeConfig, dataset_uri: str) -> None:
        self._judge = judge
        self._backend = build_judge(judge, dataset_uri)
        self._shutdown = OrderlyShutdown(self._backend.close)

    async def __call__(self, batch: pa.Table) -> AsyncIterator[pa.Table]:
        """Send every task of the batch at once."""
        self._shutdown.arrange()
        rows = await asyncio.gather(*(self._one(task) for task in batch.to_pylist()))
        yield pa.Table.from_pylist(rows, schema=JUDGE_REPLY_SCHEMA)

    async def _one(self, task: Row) -> dict[str, object]:
        """Send one task. Catches broadly, as for a turn: what it caught goes into the row."""
        started = time.monotonic()
        dialogue = _as_dialogue(task)
        request = ChatRequest(
            dialogue_id=dialogue.dialogue_id,
            turn=1,
            system=task["system"],
            history=(),
            message=UserMessage(
                dialogue.images, tuple(caption(i) for i in dialogue.images), task["prompt"]
            ),
            seed=self._judge.seed,
            json_schema=task["json_schema"],
        )
        try:
            reply = await self._backend.open(dialogue).ask(request)
        except InfrastructureError:
            raise  # ends the pass, which can be resumed
        except EngineDead as error:
            logger.error("judge %s died: %s", self._judge.name, error)
            os._exit(1)
        except Exception as error:
            if not isinstance(error, TurnFailed):
                logger.exception("judge %s failed at %s", self._judge.name, task["key"])
            reason = str(error) if isinstance(error, TurnFailed) else repr(error)
            return _row(task, started, reason=reason)
        if reply.finish_reason == REFUSAL:
            return _row(task, started, reason=f"refused: {reply.text or 'by a content filter'}")
        return _row(
            task,
            started,
            text=reply.text,
            finish_reason=reply.finish_reason,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
        )


def _row(task: Row, started: float, **columns: object) -> dict[str, object]:
    return {"key": task["key"], "latency_s": time.monotonic() - started, **columns}


def _as_dialogue(task: Row) -> Dialogue:
    """Return a task as the dialogue that backends take, of one turn and without gold."""
    images = tuple(Image(**image) for image in task["images"] or ())
    turn = Turn(
        turn=1,
        question=task["prompt"],
        image_ids=tuple(i.image_id for i in images),
        answer_type="text",
    )
    return Dialogue(
        dialogue_id=task["key"],
        patient_id="",
        specialty="",
        modality="",
        source="",
        health_system="",
        language="en",
        release="",
        images=images,
        regions=(),
        findings=(),
        turns=(turn,),
    )
