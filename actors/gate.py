"""A door in one event loop: many may be inside together, or one alone. First come, first served.

Those inside together are of one kind. Whoever is of another waits until nobody is inside and then
changes the house over, while those who come later wait outside.
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
        async with self._turnstile:
            await self._fit(kind, change)
            self._inside += 1
            self._empty.clear()
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

    async def _fit(self, kind: str, change: Change | None) -> None:
        if kind == self._kind:
            return
        await self._empty.wait()
        self._kind = None  # a change that fails leaves a house that is fit for nobody
        if change is not None:
            await change()
        self._kind = kind
