"""Configuration of endpoints, and price files."""

from datetime import date

import pytest

from conf.endpoint import EndpointConfig
from conf.errors import ConfigError
from conf.load import fingerprint, load
from conf.prices import ImageTokens, Usage, price_of

TODAY = date(2025, 11, 25)
OPEN = ("dataset.uri=d", "output=o", "model.name=m", "model.source=s", "model.box_dialect=none")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"base_url": "localhost:8000"}, "endpoint.base_url"),
        ({"base_url": "https://user:pass@host/v1"}, "credentials"),
        ({"api_key_env": "sk-proj-1234"}, "not the name"),
        ({"timeout_s": 0.0}, "endpoint.timeout_s"),
        ({"patience_s": -1.0}, "endpoint.patience_s"),
        ({"max_image_side": 1}, "endpoint.max_image_side"),
    ],
)
def test_a_faulty_endpoint_is_named_and_a_key_is_not_repeated(change, named):
    with pytest.raises(ConfigError, match=named) as caught:
        EndpointConfig(**change)
    assert "1234" not in str(caught.value)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("change", ["sampling.top_k=5", "model.chat.system=omit"])
def test_a_setting_that_would_not_be_sent_is_refused(change):
    with pytest.raises(ConfigError, match=r"does not send: give it by model\.endpoint\.extra"):
        load("endpoint", [*OPEN, change])


def identity(*overrides: str) -> str:
    config = load("endpoint", [*OPEN, *overrides])
    return fingerprint(config, dataset_id="d", weights_id="openai:s", protocol="p")


def test_the_fingerprint_holds_what_decides_answers_and_not_where_the_provider_is():
    same = ("base_url=http://h/v1", "timeout_s=1", "patience_s=1", "cache=c", "prices=p")
    others = ("extra={reasoning_effort: low}", "max_image_side=100", "max_images=3")
    assert {identity(f"model.endpoint.{o}") for o in same} == {identity()}
    assert len({identity(), *(identity(f"model.endpoint.{o}") for o in others)}) == 4


def test_the_packaged_prices_are_whole_and_an_unknown_model_has_none():
    price = price_of("gpt-4o", None, TODAY)
    assert (price.input, price.cached_read, price.output) == (2.5, 1.25, 10.0)
    assert price_of("gpt-4o", None, date(2020, 1, 1)) is None
    assert price_of("somebody/else", None, TODAY) is None
    usage = Usage(prompt=3_000_000, cached=1_000_000, written=1_000_000, output=2_000_000)
    assert price_of("claude-sonnet-4-5", None, TODAY).of(usage) == pytest.approx(
        3 + 0.3 + 3.75 + 30
    )


def test_a_file_of_ones_own_comes_first_and_its_newest_row_that_holds(tmp_path):
    row = "  - {{ids: [gpt-4o, mine], since: '{}', input: {}, cached_read: 1, cache_write: 1, "
    row += "output: 1, image: {{kind: area, base: 0, each: 750}}}}\n"
    path = tmp_path / "prices.yaml"
    path.write_text(
        "prices:\n"
        + row.format("2025-01-01", 7)
        + row.format("2025-06-01", 8)
        + row.format("2026-01-01", 9)
    )
    assert price_of("gpt-4o", str(path), TODAY).input == 8
    assert price_of("mine", str(path), TODAY).input == 8
    assert price_of("gpt-4o-mini", str(path), TODAY).input == 0.15
    path.write_text("prices:\n" + row.format("soon", 7))
    with pytest.raises(ConfigError, match=r"prices\.since is 'soon'"):
        price_of("mine", str(path), TODAY)


def test_image_tokens_are_those_of_the_providers_examples():
    tiles = ImageTokens(kind="tiles", base=85, each=170)
    assert tiles.of(1024, 1024) == 765  # OpenAI's guide to images: 4 tiles
    assert tiles.of(2048, 4096) == 1105  # the same: 6 tiles
    assert tiles.of(200, 200) == 255
    area = ImageTokens(kind="area", base=0, each=750)
    assert area.of(1000, 1000) == 1334  # Anthropic's guide to vision
