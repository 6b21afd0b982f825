import queue

from actors.supervision.watchdog import Watchdog


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
