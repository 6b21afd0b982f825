"""Two engines, one checkpoint: greedy answers of vLLM and of transformers in float32."""

from pathlib import Path

import pytest

from actors.schema import Dialogue
from benchmarks.same_answers import PRESETS, answers_of
from conf.load import load
from pipeline.dataset.open import open_dataset

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


def test_both_engines_read_the_same_prompts_and_give_the_same_answers(phantom: Path) -> None:
    rows = open_dataset(str(phantom)).dialogues(12).to_pylist()
    dialogues = [Dialogue.from_row(row) for row in rows]
    one, other = (
        answers_of(load(preset, [f"dataset.uri={phantom}"]), dialogues)[0]
        for preset in PRESETS.values()
    )
    assert one == other
    assert len(one) == sum(len(dialogue.turns) for dialogue in dialogues)
