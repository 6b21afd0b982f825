"""What a served model's answers cost: estimated from dialogues, counted in rows."""

import json
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from actors.conversation import system_prompt
from actors.schema import TURN_SCHEMA, Served, TurnRecord
from conf.errors import ConfigError
from conf.load import load
from conf.prices import Usage, price_of
from pipeline import cli
from pipeline.runs.cost import check_limit, current_price, estimate_cost, usage_of
from tests.actors.dialogues import dialogue, turn

CONFIG = load(
    "endpoint",
    ["dataset.uri=d", "output=o", "model.name=m", "model.source=gpt-4o", "model.box_dialect=none"],
)
PRICE = price_of("gpt-4o", None, date(2025, 11, 25))


def test_each_request_is_the_dialogue_so_far():
    two = dialogue(turn(1, "A" * 40, image_ids=("now",)), turn(2, "B" * 80))
    found = estimate_cost([two], CONFIG, PRICE, answer_tokens=50)
    system = -(-len(system_prompt("none")) // 4)
    first = system + 10 + 4 + 255  # the question, the caption "Current image:", one tile
    second = first + 50 + 20
    assert (found.dialogues, found.turns) == (1, 2)
    assert (found.prompt, found.images, found.output) == (first + second, 2 * 255, 100)
    assert found.at_most == pytest.approx((found.prompt * 2.5 + 100 * 10) / 1e6)


def test_a_long_beginning_is_paid_for_as_cached_from_the_second_turn_on():
    long = dialogue(*(turn(n, "A" * 8000) for n in (1, 2, 3)))
    found = estimate_cost([long], CONFIG, PRICE, answer_tokens=10)
    assert found.cached < 0.8 * found.at_most


def test_an_unknown_price_is_said_and_no_limit_can_be_kept():
    found = estimate_cost([dialogue(turn(1))], CONFIG, None, answer_tokens=50)
    assert (found.price, found.images, found.at_most, found.cached) == (None, None, None, None)
    limited = replace(CONFIG, compute=replace(CONFIG.compute, max_cost=5.0))
    check_limit(limited, PRICE)
    with pytest.raises(ConfigError, match="the price of gpt-4o is not known"):
        check_limit(limited, None)
    assert current_price(CONFIG.model) is not None
    assert current_price(replace(CONFIG.model, source="mine")) is None
    assert current_price(replace(CONFIG.model, backend="scripted")) is None


def record(**columns: object) -> dict:
    row = TurnRecord(
        run_id="r", model="m", dialogue_id="d", turn=1, status="ok", error=None, question="?"
    )
    return replace(row, **columns).to_row()


def test_kept_answers_cost_nothing_and_written_tokens_are_counted():
    rows = [
        record(
            prompt_tokens=100,
            cached_tokens=30,
            completion_tokens=5,
            served=Served(cache_write_tokens=20),
        ),
        record(prompt_tokens=100, completion_tokens=5, served=Served(from_cache=True)),
        record(prompt_tokens=10, completion_tokens=1),
        record(status="failed"),
    ]
    table = pa.Table.from_pylist(rows, schema=TURN_SCHEMA)
    assert usage_of(table) == Usage(prompt=110, cached=30, written=20, output=6)
    assert usage_of(TURN_SCHEMA.empty_table()) == Usage()


def test_the_plan_of_a_served_model_is_its_bill(phantom, capsys):
    asked = ["plan", "--config", "endpoint", f"dataset.uri={phantom}", "model.source=gpt-4o"]
    assert cli.main([*asked, "--answer-tokens", "100"]) == 0
    said = capsys.readouterr().out
    assert "40 dialogues" in said
    assert "out at 100 an answer" in said
    assert "USD at most" in said
    assert cli.main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["at_most"] > found["cached"] > 0 or found["at_most"] == found["cached"]
    assert cli.main([*asked[:-1], "model.source=mine"]) == 0
    assert "cost        not known" in capsys.readouterr().out
