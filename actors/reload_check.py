"""Other weights in a running engine, trusted only after a check.

In: an engine and, one after the other, the runs that it is to answer. Out: the same engine with the
run's weights and sampling, empty caches, and the images that it had decoded.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from actors.backends.base import EngineDead, Reloadable, ReloadError, TurnFailed
from actors.checkpoints import local_folder, tensors_id
from actors.conversation import Conversation
from actors.schema import Dialogue
from conf.schema import RunConfig

T = TypeVar("T")

# A chat of three turns has images, histories and hits of the prefix cache. Nine answers are half a
# second or two, where an engine's start takes half a minute.
_DIALOGUES, _TURNS = 3, 3


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What an engine showed: its answers (text and token ids), and its weights' checksum."""

    answers: list[tuple[str, list[int]]]
    checksum: str


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What an engine showed that was started on ``config`` and never reloaded, to ``dialogues``."""

    config: RunConfig
    dialogues: tuple[Dialogue, ...]
    shown: Shown


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What is asked of a pass of generation: without a reference, to record one."""

    reference: Reference | None = None


class Reloading:
    """Reloads an engine that was started for the run ``config``, after a check.

    ``reference`` is that of an engine that was started on other weights.
    """

    def __init__(
        self, backend: Reloadable, config: RunConfig, reference: Reference | None = None
    ) -> None:
        self._backend = backend
        self._now = config
        self._asks = reference.config if reference else config
        self._reference = reference
        self._checked = False
        self._refusal: str | None = None

    async def record(self, dialogues: Sequence[Dialogue]) -> Reference:
        """Return what the engine shows as it was started; ``take`` a run before it answers any.

        Raises:
            ReloadError: the engine hangs or dies.
        """
        probes = tuple(dialogues[:_DIALOGUES])
        shown = await self._look(self._now, probes)
        return Reference(config=self._now, dialogues=probes, shown=shown)

    async def take(self, config: RunConfig) -> None:
        """Go on with another run; nothing may be open in the engine.

        Before its first reload the engine is checked, once, against the reference: what another
        engine, started on weights A, answered to the first turns of a few dialogues, greedily, each
        answer alone, from empty caches. This engine was started on B. A is loaded over B and

        - answers as the reference did, token by token, and the checksum of the parameters is the
          same: whatever a reload leaves as it was is B's here, and was A's there;
        - each first prompt found 0 tokens in the prefix cache;
        - B differs from A, in an answer or the checksum, unless their weight files are the same.

        One engine alone cannot show this. What a reload leaves as it was is A's before and after
        where A is loaded, B, and A again. (vLLM 0.32 on CPUs does so with the packed copy of an
        output layer that is tied to the embeddings.)

        Raises:
            ReloadError: the check failed, or a reload did, now or before: this engine may hold
                anything and must answer nothing more.
        """
        if self._refusal is not None:
            raise ReloadError(self._refusal)
        self._refusal = "a reload was interrupted"
        try:
            if not self._checked and config.model.source != self._now.model.source:
                await self._check()
                self._checked = True
            await self._load(config)
        except Exception as error:  # every later call is refused, too
            self._refusal = str(error)
            raise
        self._now, self._refusal = config, None

    async def _check(self) -> None:
        reference = self._reference
        if reference is None or reference.config.model.source == self._now.model.source:
            raise ReloadError("a reload cannot be checked without an engine of other weights")
        if not reference.shown.answers:
            raise ReloadError("a reload cannot be checked: no probe was answered")
        a, b = reference.config.model.name, self._now.model.name
        before = await self._look(self._now, reference.dialogues)
        after = await self._look(reference.config, reference.dialogues)
        if before == after and not await self._same_weights(self._now, reference.config):
            raise ReloadError(f"reloading {a} over {b} changed neither parameters nor answers")
        if after != reference.shown:
            differ = "answers" if after.answers != reference.shown.answers else "parameters"
            raise ReloadError(
                f"{a} reloaded over {b} is not what an engine that was started on {a} is: its "
                f"{differ} differ"
            )

    async def _look(self, config: RunConfig, probes: Sequence[Dialogue]) -> Shown:
        """Load a run's weights and have the probes answered, one turn after the other."""
        greedy = replace(self._asks.sampling, temperature=0.0)
        await self._load(replace(config, sampling=greedy))
        answers: list[tuple[str, list[int]]] = []
        for dialogue in probes:
            await self._answer(dialogue, answers)
        checksum = await self._in_time(self._backend.checksum(), "hashing the weights")
        return Shown(answers=answers, checksum=checksum)

    async def _answer(self, dialogue: Dialogue, answers: list[tuple[str, list[int]]]) -> None:
        """Ask a dialogue's first turns, as one run asks them, whatever weights are loaded."""
        run = self._asks
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
        if config.model.loads_checkpoint:
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
