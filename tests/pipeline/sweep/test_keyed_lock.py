"""The lock of an actor that answers several runs: its key is the run."""

import asyncio
import contextlib

from pipeline.sweep.reloading_actor import KeyedLock


def test_another_key_waits_until_nobody_holds_the_lock_and_changes_it_once():
    async def scene() -> list[str]:
        lock, log, holders = KeyedLock("a"), [], []

        async def visit(key: str) -> None:
            async def change() -> None:
                assert not holders
                log.append(f"to {key}")
                await asyncio.sleep(0)
                assert not holders

            async with lock.shared_by(key, change):
                holders.append(key)
                for _ in range(3):
                    assert set(holders) == {key}
                    await asyncio.sleep(0)
                holders.remove(key)
                log.append(key)

        await asyncio.gather(*(visit(key) for key in "abbacbab"))
        return log

    log = asyncio.run(asyncio.wait_for(scene(), 10))
    assert log == [*"aaa", "to b", *"bbbb", "to c", "c"]


def test_a_change_that_failed_leaves_a_lock_without_a_key():
    async def scene() -> list[str]:
        lock, log = KeyedLock("a"), []

        async def fails() -> None:
            raise RuntimeError("no")

        async def change() -> None:
            log.append("changed")

        with contextlib.suppress(RuntimeError):
            async with lock.shared_by("b", fails):
                log.append("held by b")
        for _ in range(2):
            async with lock.shared_by("a", change):
                log.append("held by a")
        async with lock.exclusive_to("b", change):
            log.append("b alone")
        return log

    assert asyncio.run(asyncio.wait_for(scene(), 10)) == [
        "changed", "held by a", "held by a", "changed", "b alone",
    ]  # fmt: skip
