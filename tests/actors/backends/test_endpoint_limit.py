"""The limit on requests in flight: grows, halves, is shared, and fills what a provider allows."""

import asyncio
import time

import pytest

from actors.backends.endpoint.limit import FIRST_LIMIT, AdaptiveLimit
from tests.actors.backends.endpoints import REQUEST, ask, backend
from tests.actors.provider import Provider, serving


async def hold(limit: AdaptiveLimit, entered: list[int], leave: asyncio.Event) -> None:
    async with limit.place():
        entered.append(1)
        await leave.wait()


def test_no_more_requests_are_open_than_the_limit_and_they_are_served_in_order():
    async def scene() -> None:
        limit, entered, leave = AdaptiveLimit(), [], asyncio.Event()
        tasks = [asyncio.create_task(hold(limit, entered, leave)) for _ in range(FIRST_LIMIT + 3)]
        await asyncio.sleep(0)
        assert len(entered) == FIRST_LIMIT == limit.state.in_flight
        leave.set()
        await asyncio.gather(*tasks)
        assert limit.state.in_flight == 0

    asyncio.run(scene())


def test_a_place_of_a_request_that_is_cancelled_goes_to_the_next():
    async def scene() -> None:
        limit, entered, leave = AdaptiveLimit(), [], asyncio.Event()
        tasks = [asyncio.create_task(hold(limit, entered, leave)) for _ in range(FIRST_LIMIT + 2)]
        await asyncio.sleep(0)
        tasks[0].cancel()  # open
        tasks[-1].cancel()  # waiting
        await asyncio.gather(tasks[0], tasks[-1], return_exceptions=True)
        await asyncio.sleep(0)
        assert len(entered) == FIRST_LIMIT + 1
        assert limit.state.in_flight == FIRST_LIMIT
        leave.set()
        await asyncio.gather(*tasks[1:-1])
        assert limit.state.in_flight == 0

    asyncio.run(scene())


def test_it_doubles_per_round_until_it_is_halved_once_a_round_and_then_grows_by_one():
    async def one_round(limit: AdaptiveLimit, *, throttled: bool = False) -> int:
        """Fill the limit, have all answered (or throttled), return the new limit."""
        leave = asyncio.Event()

        async def request() -> None:
            async with limit.place() as in_round:
                await leave.wait()
                if throttled:
                    limit.halve(in_round)
                else:
                    limit.grow()

        tasks = [asyncio.create_task(request()) for _ in range(limit.state.limit)]
        await asyncio.sleep(0)
        leave.set()
        await asyncio.gather(*tasks)
        return limit.state.limit

    async def scene() -> None:
        limit = AdaptiveLimit()
        assert await one_round(limit) > FIRST_LIMIT
        while limit.state.limit < 16:
            await one_round(limit)
        full = limit.state.limit
        assert await one_round(limit, throttled=True) == full // 2
        grown = await one_round(limit)
        assert full // 2 <= grown <= full // 2 + 1

    asyncio.run(scene())


@pytest.mark.parametrize("retry_after", ["0.05", "1", None])
def test_a_providers_rate_is_filled_while_it_throttles(retry_after):
    """A smaller form of benchmarks/endpoint_rate.py, where the rate is measured for longer."""
    provider = Provider(per_second=100.0, retry_after=retry_after, delay_s=0.02)
    with serving(provider) as url:
        began = time.monotonic()
        replies = ask(backend("openai", url), *[REQUEST] * 400)
        seconds = time.monotonic() - began
    assert len(replies) == len(provider.billed) == 400
    assert provider.faults["limited"] > 0
    print(f"{retry_after}: {400 / seconds:.0f}/s, {provider.faults['limited']} throttled")
