"""One family on one backend: three turns with two images, and what they showed.

    python -m tests.families.trial qwen2_5_vl vllm result.json

In: names of a family and a backend. Out: a JSON object with ``outcome`` (``runs``, ``refused`` or
``fails``), ``reason`` for the latter two, and otherwise what each turn took.
"""

import asyncio
import itertools
import json
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from actors.backends.base import TurnFailed
from actors.backends.build import build_backend
from actors.boxes.write import format_box
from actors.conversation import Conversation
from actors.schema import Dialogue
from conf.errors import ConfigError
from conf.load import load
from conf.schema import RunConfig
from pipeline.parsing.boxes import iou, read_box
from tests.families.all import FAMILIES
from tests.families.dialogue import BOX, write_dialogue
from tests.families.family import CONTEXT, Family, write_checkpoint

BLOCK = 32
MAX_TOKENS = 12


def run_config(family: Family, backend: str, folder: Path) -> RunConfig:
    """Configure a run of a family's checkpoint, greedy and in float32."""
    engine = {
        "dtype": "float32",
        "max_model_len": CONTEXT,
        "max_num_seqs": 4,
        "block_size": BLOCK,
        "kv_cache_memory_bytes": 1 << 28,
        "enforce_eager": True,
        "distributed_executor_backend": "uni",
    } | dict(family.engine)
    overrides = [f"model.engine.{key}={json.dumps(value)}" for key, value in engine.items()]
    return load(
        "demo",
        [
            f"dataset.uri={folder}",
            f"model.name={family.name}",
            f"model.source={folder / 'checkpoint'}",
            f"model.backend={backend}",
            f"model.box_dialect={family.dialect}",
            f"sampling.max_tokens={MAX_TOKENS}",
            *overrides,
        ],
    )


async def converse(backend: Any, config: RunConfig, dialogue: Dialogue) -> list[Any]:
    """Ask all turns, feeding the answers back; return the replies."""
    conversation = Conversation(
        dialogue, box_dialect=config.model.box_dialect, seed=config.sampling.seed
    )
    chat = backend.open(dialogue)
    replies = []
    while request := conversation.next_request():
        replies.append(await chat.ask(request))
        conversation.accept(replies[-1].text)
    return replies


class Watched:
    """What vLLM's engine read and wrote at each turn: ids with images expanded, ids generated."""

    def __init__(self, backend: Any) -> None:
        self.turns: list[tuple[list[int], list[int]]] = []
        self._generate = backend.generate
        backend.generate = self._watch

    async def _watch(self, *arguments: Any) -> Any:
        final = await self._generate(*arguments)
        self.turns.append((list(final.prompt_token_ids), list(final.outputs[0].token_ids)))
        return final


def check_history(watched: Watched, ends: frozenset[int]) -> None:
    """Check that each prompt begins with the prompt and the answer before it, id by id."""
    for (prompt, answer), (following, _) in itertools.pairwise(watched.turns):
        while answer and answer[-1] in ends:
            answer = answer[:-1]
        assert following[: len(prompt) + len(answer)] == prompt + answer, "history is not exact"


def check_cache(replies: list[Any]) -> None:
    """Check that the prefix cache covers what was there before, down to a block."""
    for before, reply in itertools.pairwise(replies):
        seen = before.prompt_tokens + before.completion_tokens - 1
        assert reply.cached_tokens >= seen // BLOCK * BLOCK, (
            f"{reply.cached_tokens} tokens cached of {seen}"
        )


def check_box(tokenizer: Any, dialect: str, dialogue: Dialogue, input_size: Any) -> None:
    """Check that a box survives the tokenizer, in which the dialect's marks are special."""
    image = dialogue.image("now")
    size = (image.width, image.height)
    written = f"Yes. {format_box(dialect, BOX, size, input_size)}"
    text = tokenizer.decode(
        tokenizer.encode(written, add_special_tokens=False), skip_special_tokens=False
    )
    box = read_box(text, dialect, size, input_size)
    assert box is not None, f"no box is read in {text!r}"
    assert iou(box, BOX) > 0.7, f"{box} is read for {BOX}"


def try_vllm(family: Family, config: RunConfig, dialogue: Dialogue) -> dict[str, Any]:
    """Run the dialogue on vLLM and check it."""
    backend: Any = build_backend(config)
    try:
        watched = Watched(backend)
        replies = asyncio.run(converse(backend, config, dialogue))
        check_history(watched, backend.format.ends)
        check_cache(replies)
        sizes = {i: (w, h) for i, w, h in replies[0].input_sizes or ()}
        tokenizer = backend._tokenizer
        check_box(tokenizer, config.model.box_dialect, dialogue, sizes.get("now"))
        first = tokenizer.decode(watched.turns[0][0], skip_special_tokens=False)
        system = "Begin with the answer itself" in first
        assert system, "the system prompt is not in the prompt"
    finally:
        backend.close()
    return outcome(replies)


def outcome(replies: list[Any]) -> dict[str, Any]:
    """Return what the turns took."""
    return {
        "outcome": "runs",
        "prompt_tokens": [r.prompt_tokens for r in replies],
        "cached_tokens": [r.cached_tokens for r in replies],
        "completion_tokens": [r.completion_tokens for r in replies],
        "finish_reasons": [r.finish_reason for r in replies],
        "input_sizes": [list(s) for s in replies[1].input_sizes or ()] or None,
    }


def attempt(family: Family, backend: str, folder: Path) -> dict[str, Any]:
    """Make the checkpoint, run it, and return the outcome."""
    write_checkpoint(family, folder / "checkpoint")
    dialogue = write_dialogue(folder)
    try:
        return try_vllm(family, run_config(family, backend, folder), dialogue)
    except (ConfigError, TurnFailed) as error:
        return {"outcome": "refused", "reason": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {"outcome": "fails", "reason": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Run the family of the first argument on the backend of the second; write the third."""
    name, backend, output = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        result = attempt(FAMILIES[name], backend, Path(folder))
    Path(output).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
