"""A shared/exclusive lock in one event loop: many holders share it, or one has it to itself.

Requests are served in order of arrival, so an exclusive one is not starved by shared ones.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class SharedExclusiveLock:
    """Not reentrant: a shared holder must release it before asking for it exclusively."""

    def __init__(self) -> None:
        self._entrance = asyncio.Lock()  # asyncio's locks are handed on in order of arrival
        self._shared = 0
        self._unused = asyncio.Event()
        self._unused.set()

    @contextlib.asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Hold the lock beside other shared holders."""
        async with self._entrance:
            self._acquire()
        try:
            yield
        finally:
            self._release()

    @contextlib.asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """Hold the lock alone; whoever comes later waits."""
        async with self._entrance:
            await self._unused.wait()
            yield

    def _acquire(self) -> None:
        self._shared += 1
        self._unused.clear()

    def _release(self) -> None:
        self._shared -= 1
        if not self._shared:
            self._unused.set()
