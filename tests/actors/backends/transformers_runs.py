"""Dialogues asked of the transformers backend in this process, and what plain generate answers."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image as PIL
from transformers import AutoModelForImageTextToText, AutoProcessor

from actors.backends.base import ChatReply
from actors.backends.transformers_engine import TransformersBackend
from actors.conversation import ChatRequest, Conversation
from actors.schema import Dialogue
from conf.load import load
from conf.schema import RunConfig
from pipeline.phantom.generate import draw_dialogue

REFERENCE = "examples/reference_model/checkpoints/final"


def draw(folder: Path, count: int, *, seed: int = 11) -> list[Dialogue]:
    """Write the images of phantom dialogues below a folder."""
    dialogues = []
    for index in range(count):
        dialogue, files = draw_dialogue(seed, index)
        for uri, data in files:
            (folder / uri).parent.mkdir(parents=True, exist_ok=True)
            (folder / uri).write_bytes(data)
        dialogues.append(dialogue)
    return dialogues


def run_config(folder: Path, *overrides: str, source: str = REFERENCE) -> RunConfig:
    base = [f"dataset.uri={folder}", f"model.source={source}"]
    return load("demo-transformers", [*base, *overrides])


def start(config: RunConfig) -> TransformersBackend:
    return TransformersBackend(config.model, config.sampling, config.dataset.uri)


async def converse(backend: TransformersBackend, dialogue: Dialogue, turns: int = 15):
    """Ask a dialogue's first turns; return its requests and replies."""
    talk = Conversation(dialogue, box_dialect="norm1000", seed=0)
    chat = backend.open(dialogue)
    asked: list[tuple[ChatRequest, ChatReply]] = []
    for _ in dialogue.turns[:turns]:
        request = talk.next_request()
        asked.append((request, await chat.ask(request)))
        talk.accept(asked[-1][1].text)
    return asked


def all_at_once(backend: TransformersBackend, dialogues: Sequence[Dialogue], turns: int = 15):
    """Ask all dialogues at the same time; return requests and replies of each."""

    async def ask() -> list[list[tuple[ChatRequest, ChatReply]]]:
        return await asyncio.gather(*(converse(backend, d, turns) for d in dialogues))

    return asyncio.run(ask())


def token_ids(conversations: Any) -> list[list[list[int]]]:
    return [[list(reply.token_ids) for _, reply in asked] for asked in conversations]


def whole_prompts(folder: Path, source: str, asked: Any, max_tokens: int) -> list[list[int]]:
    """Answer each turn by ``generate`` on the whole prompt, written as text and tokenised at once.

    Nothing of the backend is used: the processor gets the template's text with the answers of the
    turns before, and all images.
    """
    processor = AutoProcessor.from_pretrained(source)
    model = AutoModelForImageTextToText.from_pretrained(source, dtype=torch.float32).eval()
    answers = []
    for request, _ in asked:
        messages: list[dict[str, Any]] = [text_message("system", request.system)]
        images = []
        for exchange in (*request.history, None):
            message = exchange.message if exchange else request.message
            parts = []
            for image, caption in zip(message.images, message.captions, strict=True):
                parts += [{"type": "text", "text": caption}, {"type": "image"}]
                images.append(PIL.open(folder / image.uri).convert("RGB"))
            parts.append({"type": "text", "text": message.text})
            messages.append({"role": "user", "content": parts})
            if exchange:
                # The template writes a space before a text; the answer as generated has its own.
                messages.append(text_message("assistant", exchange.answer.removeprefix(" ")))
        text = processor.apply_chat_template(messages, add_generation_prompt=True)
        inputs = processor(
            text=[text], images=[images], add_special_tokens=False, return_tensors="pt"
        )
        made = model.generate(**inputs, max_new_tokens=max_tokens, do_sample=False)
        answers.append(made[0, inputs["input_ids"].shape[1] :].tolist())
    return answers


def text_message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}
