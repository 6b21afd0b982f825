"""A deterministic backend without an engine: answers from the gold annotation, or by a fixed rule.

In: ``ChatRequest`` and the dialogue's gold. Out: ``ChatReply`` with word counts as token counts.
It is for dry runs of a cluster, for tests, and for showing what a strategy without sight scores.

``model.source`` names the script: ``gold`` (wrong at rate ``error_rate``, seeded per turn),
``silent`` (empty answers) or ``yes`` (says yes and points at the whole image).
"""

import asyncio
import random
from dataclasses import replace

from actors.backends.base import ChatReply
from actors.conversation import ChatRequest
from actors.gold import gold_answer, gold_text, with_box
from actors.schema import Box, Dialogue, Turn
from conf.errors import ConfigError
from conf.schema import ModelConfig

SCRIPTS = ("gold", "silent", "yes")


class ScriptedBackend:
    """Made from ``ModelConfig``; raises ConfigError for an unknown script."""

    def __init__(self, model: ModelConfig) -> None:
        if model.source not in SCRIPTS:
            raise ConfigError(
                f"model.source is {model.source!r}; a scripted one is {', '.join(SCRIPTS)}"
            )
        self.script = model.source
        self.dialect = model.box_dialect
        self.error_rate = model.script["error_rate"]
        self.delay_s = model.script["delay_s"]

    def open(self, dialogue: Dialogue) -> "ScriptedChat":
        """Start a chat that knows the dialogue's gold."""
        return ScriptedChat(self, dialogue)

    def close(self) -> None:
        """Nothing runs."""


class ScriptedChat:
    """One dialogue's script."""

    def __init__(self, backend: ScriptedBackend, dialogue: Dialogue) -> None:
        self._backend = backend
        self._dialogue = dialogue
        self._turns = {t.turn: t for t in dialogue.turns}

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Answer by the script; never fails."""
        if self._backend.delay_s:
            await asyncio.sleep(self._backend.delay_s)
        text = self._text(self._turns[request.turn], random.Random(request.seed))
        said = [request.system, request.message.text]
        for exchange in request.history:
            said += [exchange.message.text, exchange.answer]
        return ChatReply(
            text=text,
            finish_reason="stop",
            prompt_tokens=sum(len(s.split()) for s in said),
            cached_tokens=0,
            completion_tokens=len(text.split()),
        )

    def _text(self, turn: Turn, rng: random.Random) -> str:
        dialogue, dialect = self._dialogue, self._backend.dialect
        if self._backend.script == "silent":
            return ""
        if self._backend.script == "yes":
            image = dialogue.images[0]
            whole = (0.0, 0.0, float(image.width), float(image.height))
            return with_box("Yes.", dialogue, (image.image_id, whole), dialect)
        if rng.random() >= self._backend.error_rate:
            return gold_answer(dialogue, turn, dialect)
        text = gold_text(_mistaken(turn))
        if turn.region_id is None:
            return text
        region = dialogue.region(turn.region_id)
        return with_box(text, dialogue, (region.image_id, _elsewhere(region.box)), dialect)


def _mistaken(turn: Turn) -> Turn:
    """Turn an answer into a wrong one of the same type, and every claim into its opposite."""
    claims = tuple(replace(c, present=not c.present) for c in turn.claims)
    answer = turn.answer
    if turn.answer_type == "boolean":
        answer = "no" if answer == "yes" else "yes"
    elif turn.answer_type == "choice" and answer:
        answer = chr(65 + (ord(answer) - 64) % len(turn.choices))
    elif turn.answer_type == "number" and answer:
        answer = "1" + answer
    elif turn.answer_type == "concept":
        answer = "uncertain"
    return replace(turn, claims=claims, answer=answer)


def _elsewhere(box: Box) -> Box:
    """Give a box of at least one pixel in the corner farther from this one."""
    x = 0.0 if box[0] > 8 else box[2] + 1
    return (x, 0.0, x + 4, 4.0)
