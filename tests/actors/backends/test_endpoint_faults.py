"""What a provider fails is asked again and never a turn's failure; what it refuses is an answer."""

import asyncio
import socket
import time
from dataclasses import replace

import pytest

from actors.backends.base import TurnFailed
from conf.errors import ProviderDown
from tests.actors.backends.endpoints import PROTOCOLS, REQUEST, ask, backend, showing, stored
from tests.actors.chat_server import chat_server, completion
from tests.actors.provider import FAULTS, Provider, serving

KEY = "sk-canary-5b1f9e"


def failing(*faults: str | None):
    """Return a ``fault`` that happens once each, in order, then never."""
    left = iter(faults)
    return lambda asked: next(left, None)


@pytest.mark.parametrize("fault", [*FAULTS, "402", "credit"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_fault_of_the_provider_is_waited_out(protocol, fault):
    provider = Provider(fault=failing(fault, fault))
    with serving(provider) as url:
        (reply,) = ask(backend(protocol, url), REQUEST)
    assert (reply.text, reply.finish_reason) == ("Yes, 4.", "stop")
    assert provider.faults[fault] == 2
    assert len(provider.billed) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_body_that_drips_is_cut_off_and_asked_again(protocol):
    provider = Provider(fault=failing("slow"))
    with serving(provider) as url:
        (reply,) = ask(backend(protocol, url, timeout_s=0.3), REQUEST)
    assert reply.text == "Yes, 4."
    assert len(provider.seen) == 2


@pytest.mark.parametrize("fault", [*FAULTS, "credit"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_past_its_patience_the_run_ends_and_the_key_is_not_repeated(
    protocol, fault, monkeypatch, caplog
):
    monkeypatch.setenv("A_KEY", KEY)
    caplog.set_level("DEBUG")
    provider = Provider(key=KEY, fault=lambda asked: fault)
    with serving(provider) as url:
        served = backend(protocol, url, patience_s=0.6, api_key_env="A_KEY")
        with pytest.raises(ProviderDown, match=r"gave no answer in 0\.6 s") as caught:
            ask(served, REQUEST)
    assert len(provider.seen) > 1
    assert caught.value.__cause__ is None
    for error in (caught.value, caught.value.__context__):
        assert KEY not in repr(error)
    assert KEY not in caplog.text


def test_a_server_that_is_not_there_ends_the_run():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    with pytest.raises(ProviderDown, match=f"127.0.0.1:{port}.*ConnectError"):
        ask(backend("openai", f"http://127.0.0.1:{port}", patience_s=0.5), REQUEST)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_model_that_does_not_exist_ends_the_run_at_once(protocol):
    provider = Provider(fault=lambda asked: "404")
    with serving(provider) as url, pytest.raises(ProviderDown, match="HTTP 404"):
        ask(backend(protocol, url), REQUEST)
    assert len(provider.seen) == 1


def test_a_provider_that_says_when_to_come_back_is_waited_for():
    provider = Provider(fault=failing("429"), retry_after="1")
    with serving(provider) as url:
        ask(backend("openai", url), REQUEST)
    assert provider.seen[1].at - provider.seen[0].at >= 1.0


def test_a_pause_beyond_the_patience_is_not_waited_for():
    provider = Provider(fault=lambda asked: "429", retry_after="3600")
    began = time.monotonic()
    with serving(provider) as url, pytest.raises(ProviderDown, match="HTTP 429"):
        ask(backend("openai", url), REQUEST)
    assert time.monotonic() - began < 10


def test_one_request_that_is_throttled_while_others_are_answered_is_not_given_up():
    throttled = iter(range(6))  # six times half a second, where patience ends after two

    def fault(asked):
        unlucky = asked.question == "Unlucky?" and next(throttled, None) is not None
        return "429" if unlucky else None

    async def scene(served):
        unlucky = replace(REQUEST, message=replace(REQUEST.message, text="Unlucky?"))
        late = asyncio.create_task(served.ask(unlucky, is_last=False))
        while not late.done():
            await served.ask(REQUEST, is_last=False)
        return await late

    provider = Provider(fault=fault, retry_after="0.5", delay_s=0.05)
    with serving(provider) as url:
        reply = asyncio.run(scene(backend("openai", url, patience_s=2.0)))
    assert reply.finish_reason == "stop"
    assert provider.faults["429"] == 6


@pytest.mark.parametrize("fault", ["refusal", "filter"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_refusal_is_an_answer_with_a_name(protocol, fault):
    with serving(Provider(fault=failing(fault))) as url:
        (reply,) = ask(backend(protocol, url), REQUEST)
    assert reply.finish_reason == "refusal"
    assert reply.text == ("I cannot help with that." if fault == "refusal" else "")
    assert reply.is_fed_back == bool(reply.text)


def test_a_filtered_prompt_is_a_refusal():
    with serving(Provider(fault=failing("filtered prompt"))) as url:
        (reply,) = ask(backend("openai", url), REQUEST)
    assert (reply.text, reply.finish_reason) == ("", "refusal")


@pytest.mark.parametrize(
    ("protocol", "refused"),
    [
        ("openai", ("max_tokens", "seed", "temperature")),
        ("openai", ("seed",)),
        ("anthropic", ("temperature",)),
    ],
)
def test_parameters_that_the_model_refuses_are_left_out_told_once_and_noted(
    protocol, refused, caplog
):
    provider = Provider(refuses=frozenset(refused))
    with serving(provider) as url:
        served = backend(protocol, url)
        first = ask(served, *[REQUEST] * 3)
        asked = len(provider.seen)
        (later,) = ask(served, REQUEST)
    assert {r.served.left_out for r in [*first, later]} == {refused}
    assert len(provider.seen) == asked + 1
    told = [r.getMessage() for r in caplog.records if "does not take" in r.getMessage()]
    assert len(told) == len(refused)
    body = provider.billed[-1].body
    assert not set(refused) & set(body)
    assert ("max_completion_tokens" in body) == ("max_tokens" in refused)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_image_that_the_provider_cannot_read_fails_the_turn_with_its_words(protocol, tmp_path):
    provider = Provider(fault=lambda asked: "bad image" if asked.images else None)
    with serving(provider) as url, pytest.raises(TurnFailed, match=r"HTTP 400.*unsupported image"):
        ask(backend(protocol, url, str(tmp_path)), showing(stored(tmp_path, 20, 20)))
    assert len(provider.seen) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((400, {"error": "bad request"}), "HTTP 400.*bad request"),
        ((413, {}), "HTTP 413"),
        (
            (400, {"error": {"message": "'max_tokens' is too large: 9000", "code": 400}}),
            "too large: 9000",
        ),
    ],
)
def test_what_the_model_cannot_take_fails_the_turn_at_once(answer, reason):
    with (
        chat_server(lambda body: answer) as (url, received),
        pytest.raises(TurnFailed, match=reason),
    ):
        ask(backend("openai", url.removesuffix("/v1")), REQUEST)
    assert len(received) == 1


@pytest.mark.parametrize("answer", [(200, b"<html>"), (200, {"choices": []}), (200, ["a"])])
def test_what_is_no_completion_is_asked_again(answer):
    answers = iter([answer, completion("3")])
    with chat_server(lambda body: next(answers)) as (url, received):
        (reply,) = ask(backend("openai", url.removesuffix("/v1")), REQUEST)
    assert reply.text == "3"
    assert len(received) == 2


def test_an_answer_without_words_is_an_answer_that_is_not_fed_back():
    with chat_server(lambda body: completion(None, finish="length")) as (url, _):
        (reply,) = ask(backend("openai", url.removesuffix("/v1")), REQUEST)
    assert (reply.text, reply.finish_reason, reply.is_fed_back) == ("", "length", False)
