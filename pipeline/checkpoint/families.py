"""What is known of families of checkpoints: how they write boxes, and which backend runs them.

In: a checkpoint's configuration. Out: suggestions, each with its reason. A family's own documents
decide (docs/boxes.md); a fine-tune may write otherwise, so this is what to try first and never what
a run assumes: ``model.box_dialect`` is always declared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.checkpoint.check import last_version, text_only, with_images
from pipeline.checkpoint.transformers_check import transformers_refusal

# By the ``model_type`` of config.json; sources are in docs/boxes.md.
FAMILY_DIALECTS = {
    "qwen_vl": "qwen",
    "qwen2_vl": "qwen",
    "qwen2_5_vl": "qwen25",
    "qwen3_vl": "norm1000",
    "qwen3_vl_moe": "norm1000",
    "glm4v": "norm1000",
    "glm4v_moe": "norm1000",
    "internvl": "internvl",
    "internvl_chat": "internvl",
    "paligemma": "paligemma",
    "florence2": "florence2",
    "kosmos-2": "kosmos2",
    "molmo": "molmo",
    "gemma3": "gemini",  # MedGemma, too
    "gemma3n": "gemini",
    "idefics2": "norm1000",
    "idefics3": "norm1000",
    "smolvlm": "norm1000",
    "llava": "llava",
    "llava_next": "norm1",
}
# Not taught to point by their makers: the default dialect, which a fine-tune may have been taught.
_UNTAUGHT = {"idefics2", "idefics3", "smolvlm"}
# A tokenizer with these words was made for a dialect.
_MARKS = {
    '"<loc0001>"': "paligemma",
    '"<loc_1>"': "florence2",
    '"<patch_index_0001>"': "kosmos2",
    '"<|box_start|>"': "qwen",
    '"</box>"': "internvl",
}


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """Something to choose, or None, and why."""

    choice: str | None
    reason: str


def suggest_dialect(model_type: str | None, folder: Path) -> Suggestion:
    """Suggest a box dialect: by the family, else by the words of the tokenizer."""
    if model_type in _UNTAUGHT:
        reason = f"{model_type} was not taught to point: the default"
        return Suggestion(choice=FAMILY_DIALECTS[str(model_type)], reason=reason)
    if model_type in FAMILY_DIALECTS:
        reason = f"what checkpoints of {model_type} are known to write"
        return Suggestion(choice=FAMILY_DIALECTS[model_type], reason=reason)
    names = ("tokenizer.json", "added_tokens.json", "special_tokens_map.json")
    text = "".join((folder / n).read_text() for n in names if (folder / n).exists())
    for mark, dialect in _MARKS.items():
        if mark in text:
            reason = f"the tokenizer has the token {mark[1:-1]}; try it"
            return Suggestion(choice=dialect, reason=reason)
    return Suggestion(
        choice=None, reason="not known for this family; declare model.box_dialect, or none"
    )


def suggest_backend(config: Mapping[str, Any]) -> Suggestion:
    """Suggest the backend that can run a checkpoint, by its config.json."""
    names = config.get("architectures") or ()
    name = str(names[0]) if names else "architecture, since config.json names none"
    if with_images().intersection(names):
        return Suggestion(choice="vllm", reason=f"vLLM has {name}")
    if text_only().intersection(names):
        return Suggestion(choice=None, reason=f"{name} takes no images")
    last = last_version(name)
    lacks = f"vLLM has no {name}" if last is None else f"vLLM dropped {name} after {last}"
    refusal = transformers_refusal(config)
    if refusal is not None:
        return Suggestion(choice=None, reason=f"{lacks}, and {refusal}")
    return Suggestion(choice="transformers", reason=f"{lacks}, and transformers has it")
