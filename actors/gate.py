"""A door in one event loop: many may be inside together, or one alone. First come, first served."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Gate:
    """Not reentrant: whoever is inside together must leave before going in alone."""

    def __init__(self) -> None:
        self._turnstile = asyncio.Lock()  # asyncio's locks are handed on in order of arrival
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @contextlib.asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Be inside with others."""
        async with self._turnstile:
            self._inside += 1
            self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Be inside with nobody else; those who come later wait at the turnstile."""
        async with self._turnstile:
            await self._empty.wait()
            yield
