"""What is sent to a provider of either protocol, and how its answers are read, over real HTTP."""

import asyncio
import base64
import io
import json
from dataclasses import replace

import pytest
from PIL import Image as PIL

from actors.backends.base import TurnFailed
from actors.backends.build import build_judge
from conf.errors import ConfigError
from tests.actors.backends.endpoints import PROTOCOLS, REQUEST, ask, backend, showing, stored
from tests.actors.dialogues import dialogue, turn
from tests.actors.provider import Provider, serving
from tests.pipeline.judge.rubrics import JUDGE

SCHEMA = json.dumps({"type": "object", "properties": {"grade": {"type": "integer"}}})


def test_openai_gets_history_sampling_and_schema(monkeypatch):
    monkeypatch.setenv("A_KEY", "secret")
    provider = Provider(key="secret")
    with serving(provider) as url:
        request = replace(REQUEST, json_schema=SCHEMA)
        (reply,) = ask(backend("openai", url, api_key_env="A_KEY"), request)
    (asked,) = provider.seen
    assert asked.body["messages"] == [
        {"role": "system", "content": "Be fair."},
        {"role": "user", "content": "First?"},
        {"role": "assistant", "content": "One."},
        {"role": "user", "content": "How good is it?"},
    ]
    sampling = {k: asked.body.get(k) for k in ("model", "seed", "temperature", "max_tokens")}
    assert sampling == {"model": "served", "seed": 5, "temperature": 0.5, "max_tokens": 64}
    assert "top_p" not in asked.body
    assert asked.body["response_format"]["json_schema"]["schema"] == json.loads(SCHEMA)
    assert (reply.text, reply.finish_reason) == ("Yes, 4.", "stop")
    assert (reply.prompt_tokens, reply.cached_tokens, reply.completion_tokens) == (19, 0, 2)
    assert reply.served.version == "served-2025-01-01"


def test_anthropic_gets_history_sampling_and_schema(monkeypatch):
    monkeypatch.setenv("A_KEY", "secret")
    provider = Provider(key="secret")
    with serving(provider) as url:
        request = replace(REQUEST, json_schema=SCHEMA)
        (reply,) = ask(backend("anthropic", url, api_key_env="A_KEY"), request, is_last=True)
    (asked,) = provider.seen
    assert asked.body["system"] == [{"type": "text", "text": "Be fair."}]
    assert [m["role"] for m in asked.body["messages"]] == ["user", "assistant", "user"]
    assert [t.partition(": ")[2] for t in asked.texts] == [
        "Be fair.",
        "First?",
        "One.",
        "How good is it?",
    ]
    assert (asked.body["temperature"], asked.body["max_tokens"]) == (0.5, 64)
    assert "seed" not in asked.body
    assert asked.body["output_config"]["format"]["schema"] == json.loads(SCHEMA)
    assert (reply.text, reply.finish_reason) == ("Yes, 4.", "stop")
    assert (reply.prompt_tokens, reply.completion_tokens) == (19, 2)


def test_anthropics_cache_holds_the_beginning_and_the_last_turn_writes_nothing():
    provider = Provider()
    first = replace(REQUEST, history=(), message=REQUEST.history[0].message)
    second = replace(REQUEST, turn=2, history=(*REQUEST.history,))
    with serving(provider) as url:
        served = backend("anthropic", url)
        (one,) = ask(served, first)
        (two,) = ask(served, second)
        ask(served, second, is_last=True)
    marks = [
        [m["content"][-1].get("cache_control") is not None for m in a.body["messages"]]
        for a in provider.seen
    ]
    assert marks == [[True], [True, False, True], [True, False, False]]
    assert one.served.cache_write_tokens == one.prompt_tokens
    assert two.cached_tokens + two.served.cache_write_tokens == two.prompt_tokens
    assert two.cached_tokens > 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_without_a_schema_the_answer_is_left_free_and_extra_goes_as_it_is(protocol):
    provider = Provider()
    with serving(provider) as url:
        ask(backend(protocol, url, extra={"reasoning_effort": "low"}), REQUEST)
    (asked,) = provider.seen
    assert asked.body["reasoning_effort"] == "low"
    assert not {"response_format", "output_config"} & set(asked.body)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_images_go_as_their_own_bytes_with_their_captions_and_their_size_is_noted(
    protocol, tmp_path
):
    image = stored(tmp_path, 40, 30)
    provider = Provider()
    with serving(provider) as url:
        served = backend(protocol, url, str(tmp_path))
        (reply,) = ask(served, showing(image))
        with pytest.raises(TurnFailed, match="SHA-256"):
            ask(served, showing(replace(image, sha256="0" * 64)))
    (asked,) = provider.seen
    caption, picture, text = asked.body["messages"][-1]["content"]
    assert (caption["text"], text["text"]) == ("Image 0:", "Well?")
    if protocol == "openai":
        head, data = picture["image_url"]["url"].split(",")
        assert head == "data:image/png;base64"
    else:
        data = picture["source"]["data"]
        assert picture["source"]["media_type"] == "image/png"
    assert base64.b64decode(data) == (tmp_path / image.uri).read_bytes()
    assert reply.input_sizes == ((image.image_id, 40, 30),)


def test_an_image_over_the_limits_is_sent_smaller_and_the_sent_size_is_noted(tmp_path):
    large, wide = stored(tmp_path, 400, 300), stored(tmp_path, 500, 10)
    odd = stored(tmp_path, 50, 50, "BMP")
    provider = Provider()
    limits = {"max_image_side": 200, "max_image_bytes": 10_000, "max_image_pixels": 20_000}
    with serving(provider) as url:
        (reply,) = ask(backend("openai", url, str(tmp_path), **limits), showing(large, wide, odd))
    (asked,) = provider.seen
    parts = [p for p in asked.body["messages"][-1]["content"] if p["type"] == "image_url"]
    sizes = []
    for part in parts:
        data = base64.b64decode(part["image_url"]["url"].partition(",")[2])
        assert len(data) <= 10_000
        with PIL.open(io.BytesIO(data)) as picture:
            sizes.append(picture.size)
            assert picture.width * picture.height <= 20_000
    assert [(w, h) for _, w, h in reply.input_sizes] == sizes
    assert sizes[1:] == [(200, 4), (50, 50)]
    assert sizes[0][0] / sizes[0][1] == pytest.approx(4 / 3, rel=0.02)


def test_more_images_than_the_limit_fail_the_turn_with_both_numbers(tmp_path):
    images = [stored(tmp_path, 20 + n, 20) for n in range(3)]
    with (
        serving(Provider()) as url,
        pytest.raises(TurnFailed, match=r"3 images .* max_images is 2"),
    ):
        ask(backend("openai", url, str(tmp_path), max_images=2), showing(*images))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_key_is_sent_but_the_one_that_is_named(protocol, monkeypatch):
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "somebody else's")
    provider = Provider()
    with serving(provider) as url:
        ask(backend(protocol, url), REQUEST)
        with pytest.raises(ConfigError, match="NOT_SET, which is not set"):
            backend(protocol, url, api_key_env="NOT_SET")
    assert [asked.key for asked in provider.seen] == [None]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_judge_is_reached_by_the_same_configuration(protocol):
    provider = Provider()
    with serving(provider) as url:
        root = f"{url}/v1" if protocol == "openai" else url
        endpoint = replace(JUDGE.endpoint, base_url=root)
        judge = build_judge(replace(JUDGE, backend=protocol, endpoint=endpoint), "nowhere")
        chat = judge.open(dialogue(turn(1)))
        assert asyncio.run(chat.ask(REQUEST)).text == "Yes, 4."
    assert "cache_control" not in json.dumps(provider.seen[0].body["messages"][-1])
