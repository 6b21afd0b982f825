"""The limit on requests in flight: grows, halves, is shared, and fills what a provider allows."""

import asyncio

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


def test_it_grows_by_one_per_answer_is_halved_once_a_round_and_then_grows_by_half():
    async def answers(limit: AdaptiveLimit, requests: int, *, throttled: bool) -> int:
        """Have requests answered, or throttled, while others wait; return the new limit."""

        async def request() -> None:
            async with limit.place() as in_round:
                await asyncio.sleep(0)
                if throttled:
                    limit.halve(in_round)
                else:
                    limit.grow()

        await asyncio.gather(*(request() for _ in range(requests)))
        return limit.state.limit

    async def scene() -> None:
        limit = AdaptiveLimit()
        full = await answers(limit, 60, throttled=False)
        assert FIRST_LIMIT + 20 < full <= FIRST_LIMIT + 60
        assert await answers(limit, full, throttled=True) == full // 2
        grown = await answers(limit, 60, throttled=False)
        assert full // 2 + 10 < grown <= full // 2 + 30

    asyncio.run(scene())


@pytest.mark.parametrize("retry_after", ["0.05", None])
def test_a_rate_limit_loses_nothing_and_nothing_is_paid_for_twice(retry_after):
    """A smaller form of benchmarks/endpoint_rate.py, which measures the rate."""
    provider = Provider(per_second=20.0, retry_after=retry_after, delay_s=0.02)
    with serving(provider) as url:
        replies = ask(backend("openai", url, timeout_s=60.0), *[REQUEST] * 80)
    assert len(replies) == len(provider.billed) == 80
    assert provider.faults["limited"] > 0
