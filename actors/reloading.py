"""Other weights in a running engine, trusted only after a check.

In: an engine and, one after the other, the runs that it is to answer. Out: the same engine with the
run's weights and sampling, empty caches, and the images that it had decoded.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from actors.backends.base import EngineDead, Reloadable, ReloadError, TurnFailed
from actors.conversation import Conversation
from actors.schema import Dialogue
from actors.weights import local_folder, tensors_id
from conf.schema import RunConfig

T = TypeVar("T")

# A chat of three turns has images, histories and hits of the prefix cache. Nine answers, three
# times, are a second or two where an engine's start takes half a minute.
_DIALOGUES, _TURNS = 3, 3


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What an engine showed: its answers (text and token ids), and its weights' checksum."""

    answers: list[tuple[str, list[int]]]
    checksum: str


class Reloading:
    """Made with the engine, which was started for the run ``config``."""

    def __init__(self, backend: Reloadable, config: RunConfig) -> None:
        self._backend = backend
        self._now = config
        self._checked = False
        self._refusal: str | None = None

    async def take(self, config: RunConfig, dialogues: Sequence[Dialogue]) -> None:
        """Go on with another run; nothing may be open in the engine.

        Before the first reload the engine is checked, once, over the first turns of the first
        ``dialogues``, greedily, each answer alone, from empty caches. It answers with the weights A
        that it was started on; B is loaded and answers; A is loaded over B and answers again. Then

        - the second answers of A are the first ones, token by token, and so is the checksum of the
          parameters: what loading A over B gives is what a fresh start on A gives, so loading B
          over A gives what a fresh start on B does;
        - each first prompt found 0 tokens in the prefix cache;
        - B differs from A, in an answer or the checksum, unless their weight files are the same.

        Raises:
            ReloadError: the check failed, or a reload did, now or before: this engine may hold
                anything and must answer nothing more.
        """
        if self._refusal is not None:
            raise ReloadError(self._refusal)
        self._refusal = "a reload was interrupted"
        try:
            if not self._checked and config.model.source != self._now.model.source:
                await self._check(config, dialogues[:_DIALOGUES])
                self._checked = True
            await self._load(config)
        except Exception as error:  # whoever comes next is told the same
            self._refusal = str(error)
            raise
        self._now, self._refusal = config, None

    async def _check(self, other: RunConfig, probes: Sequence[Dialogue]) -> None:
        mine = self._now
        a, b = mine.model.name, other.model.name
        fresh = await self._look(mine, probes)
        changed = await self._look(other, probes)
        again = await self._look(mine, probes)
        if not fresh.answers:
            raise ReloadError(f"reloading {b} over {a} cannot be checked: no probe was answered")
        if again != fresh:
            raise ReloadError(
                f"{a} reloaded over {b} is not the {a} that the engine was started on: its "
                + ("answers differ" if again.answers != fresh.answers else "parameters differ")
            )
        if changed == fresh and not await self._same_weights(mine, other):
            raise ReloadError(f"reloading {b} over {a} changed neither parameters nor answers")

    async def _look(self, config: RunConfig, probes: Sequence[Dialogue]) -> _Seen:
        """Load a run's weights and have the probes answered, one turn after the other."""
        greedy = replace(self._now.sampling, temperature=0.0)
        await self._load(replace(config, sampling=greedy))
        answers: list[tuple[str, list[int]]] = []
        for dialogue in probes:
            await self._answer(dialogue, answers)
        checksum = await self._in_time(self._backend.checksum(), "hashing the weights")
        return _Seen(answers=answers, checksum=checksum)

    async def _answer(self, dialogue: Dialogue, answers: list[tuple[str, list[int]]]) -> None:
        """Ask a dialogue's first turns, in the words of one run whatever weights are there."""
        run = self._now
        talk = Conversation(dialogue, box_dialect=run.model.box_dialect, seed=run.sampling.seed)
        chat = self._backend.open(dialogue)
        for _ in dialogue.turns[:_TURNS]:
            request = talk.next_request()
            if request is None:
                return
            try:
                reply = await self._in_time(chat.ask(request), "answering a probe")
            except TurnFailed:  # an image is missing, say: with these weights as with others
                talk.fail()
                continue
            if not answers and reply.cached_tokens:
                raise ReloadError(
                    f"the first prompt after a reload found {reply.cached_tokens} of its tokens in "
                    "the prefix cache, which was to be empty"
                )
            talk.accept(reply.text)
            answers.append((reply.text, list(reply.token_ids or ())))

    async def _load(self, config: RunConfig) -> None:
        # Fetched first: that is storage's time, and no sign that the engine hangs.
        await asyncio.to_thread(local_folder, config.model.source)
        reloaded = self._backend.reload(config.model, config.sampling)
        await self._in_time(reloaded, f"reloading {config.model.name}")

    async def _in_time(self, step: Awaitable[T], what: str) -> T:
        limit = self._now.compute.stall_timeout_s
        try:
            async with asyncio.timeout(limit):
                return await step
        except TimeoutError:
            raise ReloadError(f"{what} took longer than {limit:g} s") from None
        except EngineDead as error:
            raise ReloadError(f"the engine died in {what}: {error}") from error

    async def _same_weights(self, one: RunConfig, other: RunConfig) -> bool:
        ids = [await asyncio.to_thread(tensors_id, config.model.source) for config in (one, other)]
        return ids[0] == ids[1]
