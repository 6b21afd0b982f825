import asyncio
import contextlib
import queue

from actors.supervision.admission import Gate
from actors.supervision.watchdog import Watchdog


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


def test_another_kind_waits_until_the_house_is_empty_and_changes_it_over_once():
    async def scene() -> list[str]:
        gate, log, inside = Gate("a"), [], []

        async def visit(kind: str) -> None:
            async def change() -> None:
                assert not inside
                log.append(f"to {kind}")
                await asyncio.sleep(0)
                assert not inside

            async with gate.together(kind, change):
                inside.append(kind)
                for _ in range(3):
                    assert set(inside) == {kind}
                    await asyncio.sleep(0)
                inside.remove(kind)
                log.append(kind)

        await asyncio.gather(*(visit(kind) for kind in "abbacbab"))
        return log

    log = asyncio.run(asyncio.wait_for(scene(), 10))
    assert log == [*"aaa", "to b", *"bbbb", "to c", "c"]


def test_a_change_that_failed_leaves_a_house_that_is_fit_for_nobody():
    async def scene() -> list[str]:
        gate, log = Gate("a"), []

        async def fails() -> None:
            raise RuntimeError("no")

        async def change() -> None:
            log.append("changed")

        with contextlib.suppress(RuntimeError):
            async with gate.together("b", fails):
                log.append("inside b")
        for _ in range(2):
            async with gate.together("a", change):
                log.append("inside a")
        async with gate.alone("b", change):
            log.append("alone b")
        return log

    assert asyncio.run(asyncio.wait_for(scene(), 10)) == [
        "changed", "inside a", "inside a", "changed", "alone b",
    ]  # fmt: skip


def test_a_turn_that_does_not_end_is_noticed():
    told: queue.Queue[str] = queue.Queue()
    watchdog = Watchdog(0.05, told.put)
    with watchdog.turn(), watchdog.turn():
        assert "the engine stalled: 2 turns open and none finished" in told.get(timeout=30)


def test_an_idle_engine_and_one_that_goes_on_do_not_stand():
    now = 0.0
    watchdog = Watchdog(None, lambda _: None, clock=lambda: now)

    def look_until(end: float) -> str | None:
        nonlocal now
        while now < end:
            now += 1.0
            found = watchdog.stall(8.0)
            if found:
                return found
        return None

    assert look_until(20.0) is None
    with watchdog.turn():  # this one stays open while others end: the engine works
        assert look_until(27.0) is None
        with watchdog.turn():
            pass
        assert look_until(34.0) is None
        assert look_until(50.0) == "the engine stalled: 1 turns open and none finished for 9 s"
        assert now == 36.0
    assert look_until(60.0) is None


def test_a_process_that_was_suspended_is_no_stall():
    now = 0.0
    watchdog = Watchdog(None, lambda _: None, clock=lambda: now)
    with watchdog.turn():
        for moment in (1.0, 2.0, 3000.0, 3001.0, 3004.0, 3007.0):
            now = moment
            assert watchdog.stall(8.0) is None
        now = 3009.0
        assert watchdog.stall(8.0) is not None
