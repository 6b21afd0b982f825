"""How many requests are in flight at a provider at once: more while it goes well, half on a 429.

One limit is shared by all dialogues of an actor. It grows by one per answer until the first 429, by
half of that from then on, and is halved at most once per round: the requests that were sent before
it was halved say nothing about the new limit (as in TCP, RFC 5681). TCP's growth of one per round
would not do: where one request in a hundred is throttled at random, it holds some ten in flight,
however many the provider allows.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

FIRST_LIMIT = 4
_GROWTH_FIRST, _GROWTH = 1.0, 0.5  # per answer, before and after the first 429


@dataclass(frozen=True, kw_only=True)
class RequestState:
    """How many requests are open, may be open, and wait until a fault has passed."""

    in_flight: int
    limit: int
    waiting: int
    fault: str | None


class AdaptiveLimit:
    """The limit and who holds a place in it; used in one event loop. Served in order of arrival.

    ``on_change`` is called with each new state.
    """

    def __init__(self) -> None:
        self.on_change: Callable[[RequestState], None] = lambda state: None
        self._limit = float(FIRST_LIMIT)
        self._open = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._growth = _GROWTH_FIRST
        self._round = 0  # counts halvings
        self._waiting = 0
        self._fault: str | None = None

    @property
    def state(self) -> RequestState:
        """How it stands now."""
        return RequestState(
            in_flight=self._open,
            limit=int(self._limit),
            waiting=self._waiting,
            fault=self._fault,
        )

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[int]:
        """Hold a place; yields the round, which ``halve`` takes."""
        await self._enter()
        try:
            yield self._round
        finally:
            self._open -= 1
            self._admit()

    def grow(self) -> None:
        """Note an answer; the limit grows only where it is what holds requests back."""
        if self._queue or self._open >= int(self._limit):
            self._limit += self._growth
            self._admit()
            self.on_change(self.state)

    def halve(self, in_round: int) -> None:
        """Note that a request of a round was throttled."""
        self._growth = _GROWTH
        if in_round == self._round:
            self._round += 1
            self._limit = max(1.0, self._limit / 2)
            self.on_change(self.state)

    @contextlib.contextmanager
    def waits(self, fault: str) -> Iterator[None]:
        """Count a request as waiting inside the block."""
        self._waiting += 1
        self._fault = fault
        self.on_change(self.state)
        try:
            yield
        finally:
            self._waiting -= 1
            self.on_change(self.state)

    async def _enter(self) -> None:
        if not self._queue and self._open < int(self._limit):
            self._open += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._open -= 1  # it was admitted and is gone
                self._admit()
            raise

    def _admit(self) -> None:
        while self._queue and self._open < int(self._limit):
            turn = self._queue.popleft()
            if not turn.done():
                self._open += 1
                turn.set_result(None)
