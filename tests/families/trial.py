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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image as PIL
from transformers import AutoProcessor, AutoTokenizer

from actors.backends.base import ChatReply, TurnFailed
from actors.backends.build import build_backend
from actors.boxes.coordinates import Size
from actors.boxes.write import format_box
from actors.conversation import ChatRequest, Conversation
from actors.schema import Dialogue
from conf.errors import EvaluationError
from conf.load import load
from conf.schema import RunConfig
from pipeline.checkpoint.check import check_checkpoint
from pipeline.parsing.boxes import iou, read_box
from tests.families.all import FAMILIES
from tests.families.dialogue import BOX, write_dialogue
from tests.families.family import CONTEXT, Family, write_checkpoint

BLOCK = 32
MAX_TOKENS = 12
_ENGINE = {"dtype": "float32", "max_model_len": CONTEXT, "kv_cache_memory_bytes": 1 << 28}
ENGINES: dict[str, dict[str, Any]] = {
    "transformers": _ENGINE,
    "vllm": _ENGINE
    | {
        "max_num_seqs": 4,
        "block_size": BLOCK,
        "enforce_eager": True,
        "distributed_executor_backend": "uni",
    },
}


@dataclass(frozen=True)
class Turn:
    """One turn as the engine saw it: ids with images expanded, ids generated, the reply."""

    request: ChatRequest
    prompt: list[int]
    generated: list[int]
    reply: ChatReply


def run_config(family: Family, backend: str, folder: Path) -> RunConfig:
    """Configure a run of a family's checkpoint, greedy and in float32."""
    config = load(
        "demo",
        [
            f"dataset.uri={folder}",
            f"model.name={family.name}",
            f"model.source={folder / 'checkpoint'}",
            f"model.box_dialect={family.dialect}",
            *(f"model.chat.{key}={value}" for key, value in family.chat.items()),
            f"sampling.max_tokens={MAX_TOKENS}",
        ],
    )
    return replace(config, model=replace(config.model, backend=backend, engine=ENGINES[backend]))


async def converse(backend: Any, config: RunConfig, dialogue: Dialogue) -> list[Turn]:
    """Ask all turns, feeding the answers back."""
    seen: list[list[int]] = []
    generate = backend.generate

    async def watched(prompt: Any, *rest: Any) -> Any:
        final = await generate(prompt, *rest)
        expanded = final.prompt_token_ids if hasattr(final, "prompt_token_ids") else prompt.ids
        seen.append(list(expanded))
        return final

    backend.generate = watched
    conversation = Conversation(
        dialogue, box_dialect=config.model.box_dialect, seed=config.sampling.seed
    )
    chat = backend.open(dialogue)
    turns = []
    while request := conversation.next_request():
        reply = await chat.ask(request)
        conversation.accept(reply.text)
        turns.append(Turn(request, seen[-1], list(reply.token_ids or ()), reply))
    return turns


def check_history(turns: list[Turn], ends: frozenset[int]) -> None:
    """Check that each prompt begins with the prompt and the answer before it, id by id."""
    for before, turn in itertools.pairwise(turns):
        answer = list(before.generated)
        while answer and answer[-1] in ends:
            answer.pop()
        known = before.prompt + answer
        assert turn.prompt[: len(known)] == known, f"turn {turn.request.turn}: history is not exact"


def check_cache(turns: list[Turn]) -> None:
    """Check that the cache covers the prompt and the answer before, down to a block."""
    for before, turn in itertools.pairwise(turns):
        seen = len(before.prompt) + len(before.generated) - 1
        cached = turn.reply.cached_tokens or 0
        assert cached >= seen // BLOCK * BLOCK, f"{cached} tokens cached of {seen}"


def check_prompt(first: Turn, family: Family, folder: Path) -> None:
    """Check that the first prompt is what the checkpoint's own processor makes of it."""
    source, system = folder / "checkpoint", family.chat.get("system", "role")
    processor = AutoProcessor.from_pretrained(source)
    tokenizer = AutoTokenizer.from_pretrained(source)
    shown = first.request.message
    instructions = {"type": "text", "text": first.request.system}
    question: list[dict[str, str]] = [instructions] if system == "first_user" else []
    for caption in shown.captions:
        question += [{"type": "text", "text": caption}, {"type": "image"}]
    messages = [{"role": "user", "content": [*question, {"type": "text", "text": shown.text}]}]
    if system == "role":
        messages.insert(0, {"role": "system", "content": [instructions]})
    template = processor if processor.chat_template else tokenizer
    text = template.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    begun = tokenizer.bos_token is not None and text.startswith(tokenizer.bos_token)
    images = [PIL.open(folder / image.uri).convert("RGB") for image in shown.images]
    outputs = processor(
        text=[text], images=images, add_special_tokens=not begun, return_tensors="pt"
    )
    expected = outputs["input_ids"][0].tolist()
    read = tokenizer.decode(first.prompt, skip_special_tokens=False)
    assert family.differs or first.prompt == expected, _difference(
        tokenizer, first.prompt, expected
    )
    assert system == "omit" or "Begin with the answer itself" in read, "no system prompt"


def _difference(tokenizer: Any, prompt: list[int], expected: list[int]) -> str:
    pairs = enumerate(zip(prompt, expected, strict=False))
    at = next((n for n, (a, b) in pairs if a != b), min(len(prompt), len(expected)))
    shown = (
        tokenizer.decode(ids[max(at - 3, 0) : at + 5], skip_special_tokens=False)
        for ids in (prompt, expected)
    )
    return "token {} of the prompt: {!r}, of the processor: {!r}".format(at, *shown)


def check_box(family: Family, tokenizer: Any, size: Size, input_size: Size) -> None:
    """Check that a box survives the tokenizer, in which the dialect's marks are special."""
    written = f"Yes. {format_box(family.dialect, BOX, size, input_size)}"
    ids = tokenizer.encode(written, add_special_tokens=False)
    text = tokenizer.decode(ids, skip_special_tokens=False)
    box = read_box(text, family.dialect, size, input_size)
    assert box is not None, f"no box is read in {text!r}"
    assert iou(box, BOX) > 0.6, f"{box} is read for {BOX}"


def try_backend(family: Family, config: RunConfig, folder: Path) -> dict[str, Any]:
    """Run the dialogue and check it; return what the turns took."""
    dialogue = write_dialogue(folder)
    check_checkpoint(config.model)
    backend: Any = build_backend(config)
    try:
        turns = asyncio.run(converse(backend, config, dialogue))
        ends = backend.format.ends if hasattr(backend, "format") else backend.end.ids
    finally:
        backend.close()
    assert all(turn.reply.finish_reason in ("stop", "length") for turn in turns)
    check_history(turns, ends)
    check_cache(turns)
    check_prompt(turns[0], family, folder)
    sizes = turns[1].reply.input_sizes
    image = dialogue.image("now")
    size = (image.width, image.height)
    seen = {name: (w, h) for name, w, h in sizes or ()}.get("now", size)
    check_box(family, AutoTokenizer.from_pretrained(folder / "checkpoint"), size, seen)
    return {
        "outcome": "runs",
        "prompt_tokens": [len(turn.prompt) for turn in turns],
        "cached_tokens": [turn.reply.cached_tokens for turn in turns],
        "completion_tokens": [len(turn.generated) for turn in turns],
        "input_sizes": sizes,
    }


def attempt(family: Family, backend: str, folder: Path) -> dict[str, Any]:
    """Make the checkpoint, run it, and return the outcome."""
    write_checkpoint(family, folder / "checkpoint")
    document = json.loads((folder / "checkpoint/config.json").read_text())
    named = {"architecture": document["architectures"][0]}
    try:
        return named | try_backend(family, run_config(family, backend, folder), folder)
    except (EvaluationError, TurnFailed) as error:
        return named | {"outcome": "refused", "reason": _cleaned(error, folder)}
    except Exception as error:
        traceback.print_exc()
        reason = f"{type(error).__name__}: {_cleaned(error, folder)}"
        return named | {"outcome": "fails", "reason": reason}


def _cleaned(error: Exception, folder: Path) -> str:
    """Return an error's words without the folder, which differs from run to run."""
    return str(error).replace(f"{folder}/", "")


def main() -> None:
    """Run the family of the first argument on the backend of the second; write the third."""
    name, backend, output = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        result = attempt(FAMILIES[name], backend, Path(folder))
    Path(output).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
