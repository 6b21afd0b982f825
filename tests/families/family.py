"""What the families are made of: a real config class with small sizes, random weights, a template.

In: a ``Family``. Out: a checkpoint folder as transformers writes it, the same for the same seed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import load_file, save_file

WIDTH, LAYERS, HEADS, CONTEXT = 128, 2, 4, 2048  # a head of 32: vLLM's CPU attention refuses 16


@dataclass(frozen=True, kw_only=True)
class Family:
    """One architecture, as small as it goes.

    ``name`` is the folder and test id, ``title`` the column of docs/models.md. ``config`` and
    ``processor`` make transformers' own classes for a tokenizer. ``template`` is the chat template,
    written in the form of the family's; None where its checkpoints have none, and ``chat`` what
    ``model.chat`` has to be. ``torchvision``: the processor needs it;
    ``vllm_torchvision``: vLLM's own module does.
    ``hub_names`` maps the start of weights' names as transformers 5 writes them to that of the
    published checkpoints, where vLLM knows the latter alone. ``differs`` says in what a prompt is
    not as the family's processor would make it, and ``untried``, by backend, why it is not tried.
    """

    name: str
    title: str
    dialect: str
    tokenizer: Callable[[], Any]
    config: Callable[[Any], Any]
    processor: Callable[[Any], Any]
    template: str | None
    chat: Mapping[str, str] = field(default_factory=dict)
    torchvision: bool = False
    vllm_torchvision: bool = False
    model_class: str = "AutoModelForImageTextToText"
    hub_names: Mapping[str, str] = field(default_factory=dict)
    differs: str = ""
    untried: Mapping[str, str] = field(default_factory=dict)


def write_checkpoint(family: Family, folder: Path, *, seed: int = 0) -> int:
    """Write a family's checkpoint with random weights; return its number of parameters."""
    tokenizer = family.tokenizer()
    processor = family.processor(tokenizer)
    if family.template is not None:
        processor.chat_template = family.template
    torch.manual_seed(seed)
    model = getattr(transformers, family.model_class).from_config(family.config(tokenizer))
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    folder.mkdir(parents=True, exist_ok=True)
    processor.save_pretrained(folder)
    model.float().save_pretrained(folder)
    _rename_weights(folder / "model.safetensors", family.hub_names)
    return sum(p.numel() for p in model.parameters())


def _rename_weights(path: Path, names: Mapping[str, str]) -> None:
    if not names:
        return
    renamed = {}
    for name, tensor in load_file(path).items():
        start = next((old for old in names if name.startswith(old)), "")
        renamed[names.get(start, "") + name.removeprefix(start)] = tensor
    save_file(renamed, path, metadata={"format": "pt"})


# CLIP and SigLIP as a vision tower: transformers 5 leaves out a level of their weights' names.
TOWER_ON_HUB = {"vision_tower.": "vision_tower.vision_model."}


def text_part(tokenizer: Any, **changes: Any) -> dict[str, Any]:
    """Return the sizes of a language part, in the names that Llama gave them."""
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS // 2,
        "head_dim": WIDTH // HEADS,
        "max_position_embeddings": CONTEXT,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    } | changes


def vision_part(side: int, patch: int, **changes: Any) -> dict[str, Any]:
    """Return the sizes of a vision part, in the names that CLIP and SigLIP gave them."""
    return {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "image_size": side,
        "patch_size": patch,
    } | changes


def token_id(tokenizer: Any, token: str) -> int:
    """Return the id of a special token."""
    found: int = tokenizer.convert_tokens_to_ids(token)
    return found
