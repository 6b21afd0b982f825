"""A judge behind an OpenAI-compatible endpoint, over real HTTP."""

import asyncio
import base64
import hashlib
import io
import json
import socket
import time
from dataclasses import replace

import pytest
from PIL import Image as PIL

from actors.backends.base import TurnFailed
from actors.backends.build import build_judge
from actors.backends.openai_endpoint import OpenAIBackend
from actors.conversation import ChatRequest, Exchange, UserMessage
from actors.schema import Image
from tests.actors.chat_server import chat_server, completion
from tests.pipeline.judge.rubrics import JUDGE

SCHEMA = json.dumps({"type": "object", "properties": {"grade": {"type": "integer"}}})
REQUEST = ChatRequest(
    dialogue_id="d",
    turn=1,
    system="Be fair.",
    history=(),
    message=UserMessage((), (), "How good is it?"),
    seed=5,
    json_schema=SCHEMA,
)


def judge(url, **columns):
    served = {"backend": "openai", "base_url": url, "model": "served", "retries": 0}
    return replace(JUDGE, **(served | columns))


def ask(url, request=REQUEST, dataset="nowhere", **columns):
    backend = build_judge(judge(url, **columns), dataset)
    return asyncio.run(backend.ask(request))


def test_question_schema_and_sampling_arrive_and_the_answer_comes_back(monkeypatch):
    monkeypatch.setenv("JUDGE_KEY", "secret")
    earlier = Exchange(UserMessage((), (), "First?"), "One.")
    request = replace(REQUEST, history=(earlier,))
    with chat_server(lambda body: completion('{"grade": 3}')) as (url, received):
        reply = ask(url, request, api_key_env="JUDGE_KEY", temperature=0.5)
    assert (reply.text, reply.finish_reason) == ('{"grade": 3}', "stop")
    assert (reply.prompt_tokens, reply.completion_tokens) == (7, 3)
    (sent,) = received
    assert sent["path"] == "/v1/chat/completions"
    assert sent["key"] == "Bearer secret"
    assert (sent["model"], sent["seed"], sent["temperature"], sent["max_tokens"]) == (
        "served",
        5,
        0.5,
        64,
    )
    assert sent["messages"] == [
        {"role": "system", "content": "Be fair."},
        {"role": "user", "content": "First?"},
        {"role": "assistant", "content": "One."},
        {"role": "user", "content": "How good is it?"},
    ]
    assert sent["response_format"]["json_schema"]["schema"] == json.loads(SCHEMA)


def test_without_a_schema_the_answer_is_left_free():
    with chat_server(lambda body: completion("3")) as (url, received):
        ask(url, replace(REQUEST, json_schema=None))
    assert "response_format" not in received[0]


def test_images_go_as_their_own_bytes_with_their_captions(tmp_path):
    buffer = io.BytesIO()
    PIL.new("RGB", (4, 3), (200, 10, 10)).save(buffer, "PNG")
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    image = Image(
        image_id="i",
        uri="a.png",
        sha256=hashlib.sha256(buffer.getvalue()).hexdigest(),
        width=4,
        height=3,
        role="current",
        days_before=0,
    )
    message = UserMessage((image,), ("Current image:",), "Well?")
    with chat_server(lambda body: completion("3")) as (url, received):
        ask(url, replace(REQUEST, message=message), str(tmp_path))
        altered = replace(message, images=(replace(image, sha256="0" * 64),))
        with pytest.raises(TurnFailed, match="SHA-256"):
            ask(url, replace(REQUEST, message=altered), str(tmp_path))
    (sent,) = received
    caption, picture, text = sent["messages"][1]["content"]
    assert (caption["text"], text["text"]) == ("Current image:", "Well?")
    head, data = picture["image_url"]["url"].split(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data) == buffer.getvalue()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (completion(None, refusal="I cannot grade this."), "refused: I cannot grade this"),
        (completion("", finish="content_filter"), "refused: content_filter"),
        (completion(None, finish="length"), "without text, finished by length"),
        ((200, b"<html>"), "not JSON"),
        ((200, {"choices": []}), "no chat completion"),
        ((200, ["a"]), "no chat completion"),
        ((401, {"error": "bad key"}), "HTTP 401.*bad key"),
        ((503, {"error": "busy"}), "HTTP 503"),
    ],
)
def test_what_is_no_answer_fails_with_its_reason(answer, reason):
    with (
        chat_server(lambda body: answer) as (url, received),
        pytest.raises(TurnFailed, match=reason),
    ):
        ask(url)
    assert len(received) == 1


def test_a_busy_server_is_asked_again_and_a_refusing_one_is_not():
    answers = iter([(429, {}), (500, {}), completion("3")])
    with chat_server(lambda body: next(answers)) as (url, received):
        assert ask(url, retries=2).text == "3"
    assert len(received) == 3
    with chat_server(lambda body: (400, {})) as (url, received), pytest.raises(TurnFailed):
        ask(url, retries=2)
    assert len(received) == 1


def test_a_server_that_says_when_to_come_back_is_waited_for():
    arrived = []

    def answer(body):
        arrived.append(time.monotonic())
        return (429, {}, {"Retry-After": "2"}) if len(arrived) == 1 else completion("3")

    with chat_server(answer) as (url, _received):
        assert ask(url, retries=1).text == "3"
    assert arrived[1] - arrived[0] >= 2.0  # the SDK's own first wait is at most 0.5 s


def test_no_key_is_sent_but_the_one_that_is_named(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "somebody else's")
    with chat_server(lambda body: completion("3")) as (url, received):
        ask(url)
        ask(url, api_key_env="NOT_SET")
    assert [sent["key"] for sent in received] == [None, None]


def test_a_server_that_is_too_slow_fails_the_request():
    def answer(body):
        time.sleep(0.5)
        return completion("3")

    with (
        chat_server(answer) as (url, _received),
        pytest.raises(TurnFailed, match=r"no answer within 0\.1 s"),
    ):
        ask(url, timeout_s=0.1)


def closed_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def test_an_endpoint_that_is_down_fails_every_request_and_is_given_up():
    async def reasons(backend):
        found = []
        for _ in range(20):
            with pytest.raises(TurnFailed) as caught:
                await backend.ask(REQUEST)
            found.append(str(caught.value))
        return found

    url = f"http://127.0.0.1:{closed_port()}/v1"
    found = asyncio.run(reasons(OpenAIBackend(judge(url), "nowhere")))
    assert "ConnectError" in found[0]
    assert "stopped answering" in found[-1]
