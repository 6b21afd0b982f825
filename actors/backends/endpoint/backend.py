"""A served model as a backend: each request is asked until it is answered, or the run has to end.

In: ``ChatRequest``. Out: ``ChatReply``. What the provider or the network fails is never a turn's
failure: it is asked again under the adaptive limit, and after ``patience_s`` the run ends
resumably.
"""

import asyncio
import logging
import random
import time
from dataclasses import replace
from typing import Any

from actors.backends.base import REFUSAL, ChatReply, TurnFailed
from actors.backends.endpoint.cache import ResponseCache
from actors.backends.endpoint.faults import ContentRefused, ParameterRefused, ProviderFault
from actors.backends.endpoint.images import SentImage, SentImages
from actors.backends.endpoint.limit import AdaptiveLimit
from actors.backends.endpoint.provider import Call, Provider
from actors.conversation import ChatRequest
from actors.images import ImageFault
from actors.schema import Dialogue, Served
from conf.endpoint import ServedModel
from conf.errors import ProviderDown

logger = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0


class EndpointBackend:
    """One endpoint and one served model, for all dialogues of an actor."""

    def __init__(
        self, served: ServedModel, provider: Provider, dataset_uri: str, backend: str
    ) -> None:
        self.limit = AdaptiveLimit()
        self._served = served
        self._provider = provider
        self._images = SentImages(dataset_uri, served.endpoint)
        folder = served.endpoint.cache
        self._cache = None if folder is None else ResponseCache(folder, served, backend)
        self._left_out: frozenset[str] = frozenset()
        self._answered = time.monotonic()

    def open(self, dialogue: Dialogue) -> "EndpointChat":
        """Start one dialogue's side."""
        return EndpointChat(self, dialogue.turns[-1].turn)

    def close(self) -> None:
        """Leave the connections to the process's end: their event loop may be gone already."""

    async def ask(self, request: ChatRequest, *, is_last: bool) -> ChatReply:
        """Answer one turn.

        Raises:
            TurnFailed: this model cannot answer this turn; the reason says why.
            ProviderDown: the provider gave no answer for too long.
            StorageDown: an image or a kept answer cannot be reached.
        """
        images = await asyncio.to_thread(self._shown, request)
        while True:
            call = Call(request=request, images=images, left_out=self._left_out, is_last=is_last)
            body = self._provider.body(call)
            try:
                reply = await self._reply(body, request.seed)
                break
            except ParameterRefused as refused:
                self._learn(refused)
        served = reply.served or Served()
        return replace(
            reply,
            input_sizes=tuple(i.input_size for i in images.values()),
            served=replace(served, left_out=tuple(sorted(call.left_out)) or None),
            is_fed_back=bool(reply.text.strip()),
        )

    def _shown(self, request: ChatRequest) -> dict[str, SentImage]:
        messages = [*(e.message for e in request.history), request.message]
        shown = {i.image_id: i for message in messages for i in message.images}
        most = self._served.endpoint.max_images
        if most is not None and sum(len(m.images) for m in messages) > most:
            raise TurnFailed(f"endpoint: {len(shown)} images are shown, max_images is {most}")
        try:
            return {image_id: self._images.of(image) for image_id, image in shown.items()}
        except ImageFault as error:
            raise TurnFailed(str(error)) from error

    async def _reply(self, body: dict[str, Any], seed: int) -> ChatReply:
        """Return a kept answer, or the provider's, which is then kept."""
        if self._cache is not None:
            kept = await asyncio.to_thread(self._cache.get, body, seed)
            if kept is not None:
                reply = self._provider.read(kept)
                return replace(reply, served=replace(reply.served or Served(), from_cache=True))
        try:
            document, reply = await self._ask_patiently(body)
        except ContentRefused as refused:
            logger.warning("a content filter refused a request: %s", refused)
            return ChatReply(text="", finish_reason=REFUSAL)
        version = reply.served.version if reply.served else None
        if self._cache is not None and version:
            await asyncio.to_thread(self._cache.put, body, seed, document, version)
        return reply

    async def _ask_patiently(self, body: dict[str, Any]) -> tuple[dict[str, Any], ChatReply]:
        began, pause = None, _FIRST_PAUSE_S
        while True:
            async with self.limit.place() as in_round:
                try:
                    document = await self._provider.post(body)
                    reply = self._provider.read(document)
                except ProviderFault as error:
                    fault = error
                    if fault.throttled:
                        self.limit.halve(in_round)
                except (TurnFailed, ParameterRefused, ContentRefused):
                    self._answered = time.monotonic()
                    raise
                else:
                    self._answered = time.monotonic()
                    self.limit.grow()
                    return document, reply
            began = began or time.monotonic()
            wait = fault.retry_after_s
            if wait is None:
                # Jitter: requests that failed together must not come back together.
                wait = pause * random.uniform(0.5, 1.0)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            self._end_if_too_long(fault, began, wait)
            with self.limit.waits(str(fault)):
                await asyncio.sleep(wait)

    def _end_if_too_long(self, fault: ProviderFault, began: float, wait: float) -> None:
        """Raise ProviderDown where it has failed, or will have, for longer than patience lasts.

        A throttled request is not given up while others are answered: it is its turn that is late.
        """
        since = max(began, self._answered) if fault.throttled else began
        patience = self._served.endpoint.patience_s
        if fault.hopeless or time.monotonic() + wait - since > patience:
            waited = "" if fault.hopeless else f" in {patience:g} s of trying again"
            raise ProviderDown(
                f"{self._served.model} at {self._provider.url} gave no answer{waited}: {fault}"
            )

    def _learn(self, refused: ParameterRefused) -> None:
        if refused.name not in self._left_out:
            self._left_out |= {refused.name}
            logger.warning(
                "%s does not take %s, which is left out from now on and noted in the turn rows: %s",
                self._served.model,
                refused.name,
                refused,
            )


class EndpointChat:
    """One dialogue's side of an endpoint: a request carries its whole history."""

    def __init__(self, backend: EndpointBackend, last_turn: int) -> None:
        self._backend = backend
        self._last_turn = last_turn

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Answer one turn; raises as ``EndpointBackend.ask``."""
        return await self._backend.ask(request, is_last=request.turn >= self._last_turn)
