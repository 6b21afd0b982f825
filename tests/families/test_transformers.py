"""Answers of the transformers backend, turn by turn, against plain ``generate`` on whole prompts.

Of families whose processors need no torchvision. Gemma 3 reads an image in both directions,
Idefics2 resamples it, LLaVA-NeXT cuts it into tiles.
"""

import asyncio

import pytest
from PIL import Image as PIL

from actors.backends.transformers_engine import TransformersBackend
from tests.families.all import FAMILIES
from tests.families.dialogue import write_dialogue
from tests.families.family import write_checkpoint
from tests.families.plain import PlainModel
from tests.families.trial import MAX_TOKENS, converse, run_config


@pytest.mark.parametrize("name", ["gemma3", "idefics2", "llava_next"])
def test_answers_are_those_of_plain_generate(name, tmp_path):
    family = FAMILIES[name]
    write_checkpoint(family, tmp_path / "checkpoint")
    dialogue = write_dialogue(tmp_path)
    config = run_config(family, "transformers", tmp_path)
    backend = TransformersBackend(config.model, config.sampling, config.dataset.uri)
    try:
        turns = asyncio.run(converse(backend, config, dialogue))
        mark, image_token = backend.processor.mark, backend._model.image_token
    finally:
        backend.close()
    plain = PlainModel(tmp_path / "checkpoint")
    shown = []
    for turn in turns:
        shown += [PIL.open(tmp_path / i.uri).convert("RGB") for i in turn.request.message.images]
        expected = plain.answer(turn.prompt, mark, image_token, shown, MAX_TOKENS)
        assert turn.generated == expected
    assert len(turns) == 3
