"""A deterministic backend without an engine: answers from the gold annotation, or by a fixed rule.

In: ``ChatRequest`` and the dialogue's gold. Out: ``ChatReply`` with word counts as token counts.
It is for dry runs of a cluster, for tests, and for the scores of strategies that see no image.

``model.source`` names the script: ``gold`` (wrong at rate ``error_rate``, seeded per turn), or one
of ``actors.backends.scripted_strategies``.
"""

import asyncio
import random
from dataclasses import replace

from actors.backends.base import ChatReply, ReloadError, ask_again_once
from actors.backends.fault_injection import FaultInjection
from actors.backends.scripted_strategies import STRATEGIES, OpenTurn, ScriptedAnswer, gold
from actors.conversation import ChatRequest
from actors.gold import gold_text, with_box
from actors.schema import Box, Claim, Dialogue, Region, Turn
from conf.errors import ConfigError
from conf.model import ModelConfig, SamplingConfig
from conf.schema import RunConfig

SCRIPTS = ("gold", *STRATEGIES)


def run_backend(config: RunConfig, *, reloads: bool) -> "ScriptedBackend":
    """Make a run's backend; a script can always be switched."""
    return ScriptedBackend(config.model)


class ScriptedBackend:
    """The scripted model of a ``ModelConfig``; raises ConfigError for an unknown script."""

    def __init__(self, model: ModelConfig) -> None:
        self._apply(model)
        self.faults.at_start()

    def _apply(self, model: ModelConfig) -> None:
        if model.source not in SCRIPTS:
            raise ConfigError(
                f"model.source is {model.source!r}; a scripted one is {', '.join(SCRIPTS)}"
            )
        self.script = model.source
        self.dialect = model.box_dialect
        self.error_rate = float(model.script["error_rate"])
        self.delay_s = float(model.script["delay_s"])
        self.faults = FaultInjection(model.script)

    def open(self, dialogue: Dialogue) -> "ScriptedChat":
        """Start a chat that knows the dialogue's gold."""
        return ScriptedChat(self, dialogue)

    async def reload(self, model: ModelConfig, sampling: SamplingConfig) -> None:
        """Switch to another script; raises ReloadError for an unknown one."""
        try:
            self._apply(model)
        except ConfigError as error:
            raise ReloadError(str(error)) from error

    async def checksum(self) -> str:
        """Return the script and its error rate."""
        return f"{self.script} {self.error_rate}"

    def close(self) -> None:
        """Do nothing: no engine runs."""


class ScriptedChat:
    """One dialogue's script."""

    def __init__(self, backend: ScriptedBackend, dialogue: Dialogue) -> None:
        self._backend = backend
        self._dialogue = dialogue
        self._turns = {t.turn: t for t in dialogue.turns}

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Answer by the script; never fails, unless a fault is injected."""
        return await ask_again_once(lambda: self._ask(request))

    async def _ask(self, request: ChatRequest) -> ChatReply:
        self._backend.faults.before_turn(request.dialogue_id)
        if self._backend.delay_s:
            await asyncio.sleep(self._backend.delay_s)
        if self._backend.faults.answers_error(request.dialogue_id, request.turn):
            return ChatReply(text="half an answer", finish_reason="error")
        previous = tuple(exchange.answer for exchange in request.history)
        open_turn = OpenTurn(self._dialogue, self._turns[request.turn], previous)
        text = self._text(open_turn, random.Random(request.seed))
        prompt = [request.system, request.message.text]
        for exchange in request.history:
            prompt += [exchange.message.text, exchange.answer]
        return ChatReply(
            text=text,
            finish_reason="stop",
            prompt_tokens=sum(len(s.split()) for s in prompt),
            cached_tokens=0,
            completion_tokens=len(text.split()),
        )

    def _text(self, open_turn: OpenTurn, rng: random.Random) -> str:
        strategy = STRATEGIES.get(self._backend.script)
        if strategy is not None:
            return self._text_of(strategy(open_turn))
        turn = open_turn.turn
        wrong = rng.random() < self._backend.error_rate
        if wrong:
            region = self._region(turn)
            place = None if region is None else (region.image_id, _elsewhere(region.box))
            return self._text_of(ScriptedAnswer(gold_text(_mistaken(turn)), place))
        return f"{self._text_of(gold(open_turn))} {self._site(turn)}".rstrip()

    def _text_of(self, answer: ScriptedAnswer) -> str:
        """Write the answer, its region after the text, in the declared dialect."""
        if answer.place is None:
            return answer.text
        return with_box(answer.text, self._dialogue, answer.place, self._backend.dialect)

    def _site(self, turn: Turn) -> str:
        """Return a sentence on the region's site where boxes are not given by declaration."""
        region = self._region(turn)
        if self._backend.dialect != "none" or region is None or region.site is None:
            return ""
        if any(c.present and c.site == region.site for c in turn.claims):
            return ""
        return f"It is in the {region.site.replace('_', ' ')}."

    def _region(self, turn: Turn) -> Region | None:
        return None if turn.region_id is None else self._dialogue.region(turn.region_id)


def _mistaken(turn: Turn) -> Turn:
    """Turn an answer into a wrong one of the same type, and every claim as well."""
    claims = tuple(_opposite(c) for c in turn.claims)
    answer = turn.answer
    if turn.answer_type == "boolean":
        answer = "no" if answer == "yes" else "yes"
    elif turn.answer_type == "choice" and answer:
        answer = chr(65 + (ord(answer) - 64) % len(turn.choices))
    elif turn.answer_type == "number" and answer:
        answer = "1" + answer
    elif turn.answer_type in ("concept", "phrase"):
        answer = "uncertain"
    elif turn.answer_type == "text":
        answer = None  # the claims alone are the answer, and each is the opposite
    return replace(turn, claims=claims, answer=answer)


def _opposite(claim: Claim) -> Claim:
    """Return the opposite claim; of a change, another change."""
    if claim.change is None:
        return replace(claim, present=not claim.present)
    return replace(claim, present=True, change="smaller" if claim.change == "larger" else "larger")


def _elsewhere(box: Box) -> Box:
    """Return a box of at least one pixel in the corner farther from this one."""
    x = 0.0 if box[0] > 8 else box[2] + 1
    return (x, 0.0, x + 4, 4.0)
