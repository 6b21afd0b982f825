import io

from pipeline.generate.progress import TurnProgress


def test_a_job_log_says_what_is_waited_for_then_how_far_it_is():
    stream = io.StringIO()
    with TurnProgress(4, "model", lambda: "starting the engine, attempt 2", stream) as progress:
        progress.show(turns=1, failed=0, tokens=9)
        progress.show(turns=4, failed=1, tokens=36)
    first, *_, last = stream.getvalue().splitlines()
    assert first.startswith("model: turns 0/4, starting the engine, attempt 2, 0 s")
    assert last.startswith("model: turns 4/4, ")
    assert last.endswith("done, 1 failed")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_it_in_the_bar():
    stream = Terminal()
    with TurnProgress(2, "model", lambda: "waiting for room", stream) as progress:
        progress.show(turns=2, failed=0, tokens=8)
    assert "2/2" in stream.getvalue()
    assert "done" in stream.getvalue()


def test_requests_to_a_provider_are_told_beside_the_rates():
    stream = io.StringIO()
    told = "6 of 8 requests in flight"
    with TurnProgress(4, "m", lambda: "waiting", stream, beside=lambda: told) as progress:
        progress.show(turns=2, failed=0, tokens=9)
        progress.show(turns=4, failed=0, tokens=36)
    first, *_, last = stream.getvalue().splitlines()
    assert first.endswith(told)
    assert last.endswith(f"done, {told}")
