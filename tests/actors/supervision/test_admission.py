import asyncio

from actors.supervision.admission import SharedExclusiveLock


def test_an_exclusive_holder_is_alone_and_nobody_starves():
    async def scene() -> list[str]:
        lock, log, holders = SharedExclusiveLock(), [], set()

        async def visit(name: str, exclusive: bool) -> None:
            async with lock.exclusive() if exclusive else lock.shared():
                holders.add(name)
                for _ in range(3):
                    assert not exclusive or holders == {name}
                    await asyncio.sleep(0)
                holders.remove(name)
                log.append(name)

        order = [("a", False), ("b", False), ("c", True), ("d", False), ("e", True), ("f", False)]
        await asyncio.gather(*(visit(*who) for who in order))
        return log

    log = asyncio.run(scene())
    assert sorted(log) == list("abcdef")
    assert [log.index(n) for n in "cde"] == [2, 3, 4]  # in order of arrival, behind a and b


def test_shared_holders_hold_the_lock_at_once():
    async def scene() -> int:
        lock, met = SharedExclusiveLock(), asyncio.Barrier(3)

        async def visit() -> int:
            async with lock.shared():
                return await met.wait()

        return len(await asyncio.gather(*(visit() for _ in range(3))))

    assert asyncio.run(asyncio.wait_for(scene(), 10)) == 3
