import asyncio
import queue

from actors.gate import Gate
from actors.watchdog import Watchdog


def test_whoever_is_alone_is_alone_and_nobody_starves():
    async def scene() -> list[str]:
        gate, log, inside = Gate(), [], set()

        async def visit(name: str, alone: bool) -> None:
            async with gate.alone() if alone else gate.together():
                inside.add(name)
                for _ in range(3):
                    assert not alone or inside == {name}
                    await asyncio.sleep(0)
                inside.remove(name)
                log.append(name)

        order = [("a", False), ("b", False), ("c", True), ("d", False), ("e", True), ("f", False)]
        await asyncio.gather(*(visit(*who) for who in order))
        return log

    log = asyncio.run(scene())
    assert sorted(log) == list("abcdef")
    assert [log.index(n) for n in "cde"] == [2, 3, 4]  # in order of arrival, behind a and b


def test_those_together_are_inside_at_once():
    async def scene() -> int:
        gate, met = Gate(), asyncio.Barrier(3)

        async def visit() -> int:
            async with gate.together():
                return await met.wait()

        return len(await asyncio.gather(*(visit() for _ in range(3))))

    assert asyncio.run(asyncio.wait_for(scene(), 10)) == 3


def test_a_turn_that_does_not_end_is_noticed():
    told: queue.Queue[str] = queue.Queue()
    watchdog = Watchdog(0.05, told.put)
    with watchdog.turn(), watchdog.turn():
        assert "the engine stalled: 2 turns open and none finished" in told.get(timeout=30)


def test_an_idle_engine_and_one_that_goes_on_do_not_stand():
    now = 0.0
    watchdog = Watchdog(None, lambda _: None, clock=lambda: now)
    now = 100.0
    assert watchdog.stands_for() == (0, 0.0)
    with watchdog.turn():  # this one stays open while others end: the engine works
        now = 103.0
        assert watchdog.stands_for() == (1, 3.0)
        with watchdog.turn():
            now = 107.0
            assert watchdog.stands_for() == (2, 7.0)
        assert watchdog.stands_for() == (1, 0.0)
    now = 500.0
    assert watchdog.stands_for() == (0, 0.0)
