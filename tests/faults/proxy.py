"""A proxy before an object store that does to requests what networks and busy stores do.

Real sockets on loopback, in a thread of its own; it counts what it saw and what it did.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterable

import aiohttp
from aiohttp import web

_ERROR = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
_DRIP_S = 0.02
# What is done: an internal error, throttling, a body that drips, an upload cut off half-way, and an
# answer cut off: then the store has done what was asked, and the client does not know.
KINDS = ("500", "503", "slow", "cut upload", "cut answer")


class FaultProxy:
    """Forwards to ``target``. Every ``every``-th request gets the next fault of ``kinds``."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.kinds: tuple[str, ...] = ()
        self.every = 1
        self.done: Counter[str] = Counter()
        self.seen: list[tuple[str, str]] = []  # method and path with query
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = ""

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def fail(self, kinds: Iterable[str], *, every: int = 1) -> None:
        """Begin to fail like this; forget what was done and seen before."""
        self.kinds, self.every = tuple(kinds), every
        self.done.clear()
        self.seen.clear()

    def listings(self) -> Counter[str]:
        """How often each prefix was listed."""
        return Counter(path for method, path in self.seen if "list-type=2" in path)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())

    async def _start(self) -> None:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        # aiohttp's and asyncio's types allow None where a server runs and a client is connected.
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self.url = f"http://127.0.0.1:{port}"

    async def _end(self) -> None:
        await self._session.close()
        await self._runner.cleanup()

    def _fault(self) -> str | None:
        if not self.kinds or len(self.seen) % self.every:
            return None
        kind = self.kinds[sum(self.done.values()) % len(self.kinds)]
        self.done[kind] += 1
        return kind

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.path_qs))
        fault = self._fault()
        if fault == "500":
            return web.Response(status=500, text=_ERROR.format(code="InternalError"))
        if fault == "503":
            return web.Response(status=503, text=_ERROR.format(code="SlowDown"))
        if fault == "cut upload":
            await request.content.read(64)
            request.transport.abort()  # type: ignore[union-attr]
            return web.Response()
        body = await request.read()
        url = f"{self._target}{request.raw_path}"
        dropped = ("Host", "Content-Length", "Transfer-Encoding", "Expect", "Connection")
        headers = {k: v for k, v in request.headers.items() if k not in dropped}
        async with self._session.request(
            request.method, aiohttp.client.URL(url, encoded=True), data=body, headers=headers
        ) as answer:
            data = await answer.read()
            kept = {k: v for k, v in answer.headers.items() if k not in dropped[2:]}
            return await self._answer(request, answer.status, kept, data, fault)

    async def _answer(
        self,
        request: web.Request,
        status: int,
        headers: dict[str, str],
        data: bytes,
        fault: str | None,
    ) -> web.StreamResponse:
        if request.method == "HEAD":
            if fault == "cut answer":
                request.transport.abort()  # type: ignore[union-attr]
            return web.Response(status=status, headers=headers)
        headers["Content-Length"] = str(len(data))
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        if fault == "cut answer":
            await response.write(data[: len(data) // 2])
            request.transport.abort()  # type: ignore[union-attr]
            return response
        step = max(1, len(data) // 8) if fault == "slow" else max(1, len(data))
        for n in range(0, len(data), step):
            await response.write(data[n : n + step])
            if fault == "slow":
                await asyncio.sleep(_DRIP_S)
        await response.write_eof()
        return response
