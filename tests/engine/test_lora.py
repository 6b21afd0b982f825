"""A LoRA adapter on the real engine: zero weights change nothing, others do."""

import asyncio
import json
from pathlib import Path

import pytest

from actors.backends.vllm_engine import VllmBackend
from actors.conversation import Conversation
from actors.schema import Dialogue
from conf.load import load
from pipeline.dataset.open import open_dataset
from tests.actors.backends.adapters import write_adapter

CHECKPOINT = Path(__file__).parents[2] / "examples/reference_model/checkpoints/final"


def answer_ids(dialogue: Dialogue, dataset: Path, *overrides: str) -> list[int]:
    """Ask the first turn of a dialogue."""
    config = load("demo", [f"dataset.uri={dataset}", f"model.source={CHECKPOINT}", *overrides])
    backend = VllmBackend(config.model, config.sampling, config.dataset.uri)
    try:
        request = Conversation(dialogue, box_dialect="norm1000", seed=0).next_request()
        return list(asyncio.run(backend.open(dialogue).ask(request)).token_ids)
    finally:
        backend.close()


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_an_adapter_changes_the_answers_as_much_as_its_weights_say(phantom, tmp_path, scale):
    width = json.loads((CHECKPOINT / "config.json").read_text())["text_config"]["hidden_size"]
    dialogue = Dialogue.from_row(open_dataset(str(phantom)).dialogues().to_pylist()[0])
    adapter = write_adapter(tmp_path / "adapter", width, scale=scale)
    plain = answer_ids(dialogue, phantom)
    adapted = answer_ids(dialogue, phantom, f"model.adapter={adapter}")
    assert (adapted == plain) == (scale == 0.0)
