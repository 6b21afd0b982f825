"""A deterministic backend without an engine: answers from the gold annotation, or by a fixed rule.

In: ``ChatRequest`` and the dialogue's gold. Out: ``ChatReply`` with word counts as token counts.
It is for dry runs of a cluster, for tests, and for showing what a strategy without sight scores.

``model.source`` names the script: ``gold`` (wrong at rate ``error_rate``, seeded per turn), or one
of ``actors.backends.scripted_strategies``.
"""

import asyncio
import random
from dataclasses import replace

from actors.backends.base import ChatReply, ReloadError
from actors.backends.fault_injection import Chaos
from actors.backends.scripted_strategies import STRATEGIES, Moment, Said, gold
from actors.conversation import ChatRequest
from actors.gold import gold_text, with_box
from actors.schema import Box, Claim, Dialogue, Region, Turn
from conf.errors import ConfigError
from conf.schema import ModelConfig, RunConfig, SamplingConfig

SCRIPTS = ("gold", *STRATEGIES)


def run_backend(config: RunConfig, *, reloads: bool) -> "ScriptedBackend":
    """Make a run's backend; a script can always be exchanged."""
    return ScriptedBackend(config.model)


class ScriptedBackend:
    """Made from ``ModelConfig``; raises ConfigError for an unknown script."""

    def __init__(self, model: ModelConfig) -> None:
        self._take(model)
        self.chaos.starting()

    def _take(self, model: ModelConfig) -> None:
        if model.source not in SCRIPTS:
            raise ConfigError(
                f"model.source is {model.source!r}; a scripted one is {', '.join(SCRIPTS)}"
            )
        self.script = model.source
        self.dialect = model.box_dialect
        self.error_rate = float(model.script["error_rate"])
        self.delay_s = float(model.script["delay_s"])
        self.chaos = Chaos(model.script)

    def open(self, dialogue: Dialogue) -> "ScriptedChat":
        """Start a chat that knows the dialogue's gold."""
        return ScriptedChat(self, dialogue)

    async def reload(self, model: ModelConfig, sampling: SamplingConfig) -> None:
        """Go on with another script; raises ReloadError for an unknown one."""
        try:
            self._take(model)
        except ConfigError as error:
            raise ReloadError(str(error)) from error

    async def checksum(self) -> str:
        """Name the script and its error rate."""
        return f"{self.script} {self.error_rate}"

    def close(self) -> None:
        """Nothing runs."""


class ScriptedChat:
    """One dialogue's script."""

    def __init__(self, backend: ScriptedBackend, dialogue: Dialogue) -> None:
        self._backend = backend
        self._dialogue = dialogue
        self._turns = {t.turn: t for t in dialogue.turns}

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Answer by the script; never fails, unless told to."""
        self._backend.chaos.asking(request.dialogue_id)
        if self._backend.delay_s:
            await asyncio.sleep(self._backend.delay_s)
        previous = tuple(exchange.answer for exchange in request.history)
        moment = Moment(self._dialogue, self._turns[request.turn], previous)
        text = self._text(moment, random.Random(request.seed))
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

    def _text(self, moment: Moment, rng: random.Random) -> str:
        strategy = STRATEGIES.get(self._backend.script)
        if strategy is not None:
            return self._written(strategy(moment))
        turn = moment.turn
        wrong = rng.random() < self._backend.error_rate
        if wrong:
            region = self._region(turn)
            place = None if region is None else (region.image_id, _elsewhere(region.box))
            return self._written(Said(gold_text(_mistaken(turn)), place))
        return f"{self._written(gold(moment))} {self._site(turn)}".rstrip()

    def _written(self, said: Said) -> str:
        """Put the region after the text, in the declared dialect."""
        if said.place is None:
            return said.text
        return with_box(said.text, self._dialogue, said.place, self._backend.dialect)

    def _site(self, turn: Turn) -> str:
        """Name the region's site where boxes are not given by declaration."""
        region = self._region(turn)
        if self._backend.dialect != "none" or region is None or region.site is None:
            return ""
        if any(c.present and c.site == region.site for c in turn.claims):
            return ""
        return f"It is in the {region.site.replace('_', ' ')}."

    def _region(self, turn: Turn) -> Region | None:
        return None if turn.region_id is None else self._dialogue.region(turn.region_id)


def _mistaken(turn: Turn) -> Turn:
    """Turn an answer into a wrong one of the same type, and every claim into a wrong one."""
    claims = tuple(_opposite(c) for c in turn.claims)
    answer = turn.answer
    if turn.answer_type == "boolean":
        answer = "no" if answer == "yes" else "yes"
    elif turn.answer_type == "choice" and answer:
        answer = chr(65 + (ord(answer) - 64) % len(turn.choices))
    elif turn.answer_type == "number" and answer:
        answer = "1" + answer
    elif turn.answer_type == "concept":
        answer = "uncertain"
    elif turn.answer_type == "text":
        answer = None  # the claims alone speak, and they are turned around
    return replace(turn, claims=claims, answer=answer)


def _opposite(claim: Claim) -> Claim:
    """Deny what is affirmed and affirm what is denied; of a change, name another one."""
    if claim.change is None:
        return replace(claim, present=not claim.present)
    return replace(claim, present=True, change="smaller" if claim.change == "larger" else "larger")


def _elsewhere(box: Box) -> Box:
    """Return a box of at least one pixel in the corner farther from this one."""
    x = 0.0 if box[0] > 8 else box[2] + 1
    return (x, 0.0, x + 4, 4.0)
