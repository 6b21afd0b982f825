"""The start of training: tokenizer, processor and a model with random weights.

In: the settings. Out: a folder with the processor, and the model.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from actors.conversation import Conversation, system_prompt
from actors.gold import gold_answer
from examples.reference_model.samples import on_grid
from examples.reference_model.settings import DIALECT, NUMBERS, SEED, Training
from pipeline.checkpoint.tiny import build_model, build_processor, train_tokenizer
from pipeline.phantom.generate import plan_dialogue

_CORPUS = 600  # dialogues whose words the tokenizer learns
_WAVES = 16


def corpus(dialogues: int = _CORPUS) -> Iterator[str]:
    """Yield every text of phantom dialogues, as often as it occurs."""
    for index in range(dialogues):
        dialogue = on_grid(plan_dialogue(SEED, index).dialogue)
        conversation = Conversation(dialogue, box_dialect=DIALECT, seed=0)
        for turn in dialogue.turns:
            request = conversation.next_request()
            if request is None:
                return
            yield from request.message.captions
            yield request.message.text
            yield f" {gold_answer(dialogue, turn, DIALECT)}"
            yield "User: Assistant:"
            conversation.fail()
        yield f"System: {system_prompt(DIALECT)}"


def start(folder: Path, training: Training) -> Any:
    """Write the processor to ``folder`` and return a random model, fixed by the training's seed."""
    tokenizer = train_tokenizer(corpus(), training.shape.vocabulary, NUMBERS)
    build_processor(training.shape, tokenizer).save_pretrained(folder)
    torch.manual_seed(training.seed)
    model = build_model(training.shape, tokenizer)
    order_numbers(model, tokenizer)
    return model


@torch.no_grad()
def order_numbers(model: Any, tokenizer: Any) -> None:
    """Set similar embeddings for near numbers, so that coordinates are not learnt one by one.

    A random projection of sines and cosines with periods from 40 to 2,000, scaled to the
    deviation of the other embeddings.
    """
    weight = model.get_input_embeddings().weight
    ids = torch.tensor([tokenizer.convert_tokens_to_ids(str(n)) for n in NUMBERS])
    periods = torch.logspace(1.6, 3.3, _WAVES)
    angles = torch.tensor(NUMBERS)[:, None] * (2 * torch.pi / periods)
    waves = torch.cat([angles.sin(), angles.cos()], 1)
    mixed = waves @ torch.randn(2 * _WAVES, weight.shape[1])
    weight[ids] = mixed * (weight.std() / mixed.std())
