"""A door in one event loop: many may be inside together, or one alone. First come, first served.

Those inside together are of one kind. Whoever is of another waits until nobody is inside, and then
changes the house over. Meanwhile others of the kind inside may come: Ray hands an actor its tasks
out of order, and the house would be changed to and fro.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Change = Callable[[], Awaitable[None]]


class Gate:
    """Not reentrant: whoever is inside together must leave before going in alone.

    ``kind``: of whom the house is fit for at first.
    """

    def __init__(self, kind: str = "") -> None:
        self._turnstile = asyncio.Lock()  # asyncio's locks are handed on in order of arrival
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._kind: str | None = kind

    @contextlib.asynccontextmanager
    async def together(self, kind: str = "", change: Change | None = None) -> AsyncIterator[None]:
        """Be inside with others of a kind; ``change`` is awaited where those before were others."""
        while not await self._entered(kind, change):
            await self._empty.wait()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @contextlib.asynccontextmanager
    async def alone(self, kind: str = "", change: Change | None = None) -> AsyncIterator[None]:
        """Be inside with nobody else; those who come later wait at the turnstile."""
        async with self._turnstile:
            await self._empty.wait()
            await self._fit(kind, change)
            yield

    async def _entered(self, kind: str, change: Change | None) -> bool:
        """Go in, if nobody of another kind is inside."""
        async with self._turnstile:
            if self._inside and kind != self._kind:
                return False
            await self._fit(kind, change)
            self._inside += 1
            self._empty.clear()
            return True

    async def _fit(self, kind: str, change: Change | None) -> None:
        """Change the empty house over, if it is for another kind."""
        if kind == self._kind:
            return
        self._kind = None  # a change that fails leaves a house that is fit for nobody
        if change is not None:
            await change()
        self._kind = kind
