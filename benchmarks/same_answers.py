"""Greedy answers of vLLM and of transformers to the same dialogues, and how fast each gives them.

    python -m benchmarks.same_answers dataset.uri=data/phantom-200

In: a dataset, and overrides of the presets ``demo`` and ``demo-transformers`` that hold for both.
Out: the share of equal answers, token by token, each that differs, and turns per second of each.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from actors.backends.base import ChatBackend
from actors.backends.build import build_backend
from actors.conversation import Conversation
from actors.schema import Dialogue
from conf.load import load
from conf.schema import RunConfig
from pipeline.dataset.open import open_dataset

PRESETS = {"vllm": "demo", "transformers": "demo-transformers"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a backend answered to one turn; ``prompt`` and ``ids`` are what was read and written."""

    prompt: int
    ids: tuple[int, ...]
    text: str
    finish_reason: str


Answers = dict[tuple[str, int], Answer]  # by dialogue and turn


def answers_of(config: RunConfig, dialogues: Sequence[Dialogue]) -> tuple[Answers, float]:
    """Start the backend, ask ``max_num_seqs`` dialogues at once; return answers and seconds."""
    backend = build_backend(config)
    try:
        started = time.monotonic()
        answers = asyncio.run(_ask_all(backend, config, dialogues))
        return answers, time.monotonic() - started
    finally:
        backend.close()


async def _ask_all(
    backend: ChatBackend, config: RunConfig, dialogues: Sequence[Dialogue]
) -> Answers:
    room = asyncio.Semaphore(config.model.engine["max_num_seqs"])
    answers: Answers = {}

    async def converse(dialogue: Dialogue) -> None:
        talk = Conversation(
            dialogue, box_dialect=config.model.box_dialect, seed=config.sampling.seed
        )
        async with room:
            chat = backend.open(dialogue)
            while (request := talk.next_request()) is not None:
                reply = await chat.ask(request)
                talk.accept(reply.text)
                answers[dialogue.dialogue_id, request.turn] = Answer(
                    prompt=reply.prompt_tokens or 0,
                    ids=tuple(reply.token_ids or ()),
                    text=reply.text,
                    finish_reason=reply.finish_reason,
                )

    await asyncio.gather(*(converse(dialogue) for dialogue in dialogues))
    return answers


def main() -> None:
    """Ask both and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    overrides = parser.parse_args().overrides
    found = {}
    for name, preset in PRESETS.items():
        config = load(preset, overrides)
        rows = open_dataset(config.dataset.uri).dialogues(config.dataset.limit).to_pylist()
        answers, seconds = answers_of(config, [Dialogue.from_row(row) for row in rows])
        print(f"{name}: {len(answers)} turns, {len(answers) / seconds:.1f} turns/s")
        found[name] = answers
    one, other = found.values()
    differing = [key for key in one if one[key] != other[key]]
    for dialogue, turn in differing:
        print(f"{dialogue} turn {turn}: {one[dialogue, turn]} and {other[dialogue, turn]}")
    print(f"equal: {len(one) - len(differing)} of {len(one)} answers")


if __name__ == "__main__":
    main()
