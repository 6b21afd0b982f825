"""Adapters refused or taken, before any engine starts."""

import json

import pytest

from actors.backends.vllm_adapter import adapter_arguments
from conf.errors import BadInput, ConfigError
from conf.load import load
from pipeline.runs.prepare import prepare
from tests.actors.backends.adapters import write_adapter

CHECKPOINT = "examples/reference_model/checkpoints/final"


@pytest.mark.parametrize(("rank", "room"), [(4, 8), (16, 16), (17, 32)])
def test_an_engine_has_room_for_the_adapters_rank(rank, room, tmp_path):
    folder = write_adapter(tmp_path / "a", 8, scale=0.1, rank=rank)
    found = adapter_arguments(str(folder), {})
    assert (found["enable_lora"], found["max_lora_rank"]) == (True, room)


def test_what_vllm_would_ignore_is_refused(tmp_path):
    folder = write_adapter(tmp_path / "a", 8, scale=0.1, part="vision_model.encoder")
    with pytest.raises(ConfigError, match="changes 8 tensors outside of the language model"):
        adapter_arguments(str(folder), {})
    allowed = {"enable_tower_connector_lora": True}
    assert adapter_arguments(str(folder), allowed)["enable_lora"]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"peft_type": "LOHA", "r": 4}, "of the kind 'LOHA'"),
        ({"r": 4}, "no adapter_config.json of an adapter"),
        ({"peft_type": "LORA", "r": 4096}, "rank 4096"),
    ],
)
def test_what_is_no_adapter_of_lora_is_named(config, words, tmp_path):
    folder = write_adapter(tmp_path / "a", 8, scale=0.1)
    (folder / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match=words):
        adapter_arguments(str(folder), {})


def test_an_adapter_is_part_of_the_runs_identity(phantom, tmp_path):
    def run_id(*overrides):
        base = [f"dataset.uri={phantom}", f"output={tmp_path}", f"model.source={CHECKPOINT}"]
        return prepare(load("demo", [*base, *overrides]), dry=True).run_id

    one = write_adapter(tmp_path / "one", 8, scale=0.1)
    same = write_adapter(tmp_path / "same", 8, scale=0.1)
    other = write_adapter(tmp_path / "other", 8, scale=0.2)
    found = [run_id(f"model.adapter={folder}") for folder in (one, same, other)]
    assert found[0] == found[1] != found[2]
    assert run_id() not in found
    with pytest.raises(BadInput, match=r"holds no adapter_config\.json"):
        run_id(f"model.adapter={tmp_path}")


def test_a_backend_without_adapters_refuses_one():
    with pytest.raises(ConfigError, match="scripted takes no adapter"):
        load("demo", ["model.backend=scripted", "model.adapter=x"])
