"""The outline of a checkpoint from its small files: no engine, no weights are read.

In: a local folder or an fsspec URI with config.json. Out: ``ModelCard``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actors.storage.files import exists, join, list_files, read_json
from conf.errors import BadInput

# In the order in which an engine would look; the context may be the language part's.
_CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "seq_length", "max_sequence_length")
_TEXT_PARTS = ("text_config", "llm_config", "language_config")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "tekken.json", "vocab.json", "spiece.model")
_TEMPLATES = ("chat_template.jinja", "chat_template.json")
_TEMPLATE_HOLDERS = ("tokenizer_config.json", "processor_config.json")
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")
_WEIGHTS = (".safetensors", ".bin", ".pt", ".gguf")

# How families of checkpoints write boxes, by the ``model_type`` of their config.json. A family's
# own documents decide; a fine-tune may write otherwise, so this is what to try first and never what
# a run assumes: ``model.box_dialect`` is always declared.
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
    "idefics3": "norm1000",  # not taught to point: the default, as this project trains its own
    "smolvlm": "norm1000",
    "llava": "llava",
    "llava_next": "norm1",
}


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """A checkpoint's outline. ``context`` is in tokens; None means that no file says."""

    source: str
    architecture: str | None
    model_type: str | None
    context: int | None
    dtype: str | None
    image_processor: str | None
    box_dialect: str | None
    missing: tuple[str, ...]


def describe_model(source: str) -> ModelCard:
    """Read a checkpoint's outline.

    Raises:
        BadInput: there is no config.json, or a file that matters is not valid JSON.
    """
    where = join(source, "config.json")
    if not exists(where):
        raise BadInput(f"{where} is missing: {source} is no checkpoint folder")
    config = _object(where)
    architectures = config.get("architectures") or (None,)
    model_type = config.get("model_type")
    processor = _image_processor(source)
    return ModelCard(
        source=source,
        architecture=architectures[0],
        model_type=model_type,
        context=_in_text(config, _CONTEXT_KEYS),
        dtype=_in_text(config, ("dtype", "torch_dtype")),
        image_processor=processor,
        box_dialect=FAMILY_DIALECTS.get(str(model_type)),
        missing=tuple(_missing(source, processor)),
    )


def card_text(card: ModelCard) -> str:
    """Write a card for a terminal."""
    dialect = card.box_dialect or "not known for this family; declare model.box_dialect"
    rows = {
        "architecture": card.architecture or "not stated",
        "model type": card.model_type or "not stated",
        "context": f"{card.context} tokens" if card.context else "not stated",
        "dtype": card.dtype or "not stated",
        "image processor": card.image_processor or "none",
        "box dialect": dialect,
        "missing": ", ".join(card.missing) or "nothing",
    }
    return "\n".join([card.source, *(f"  {name:16} {value}" for name, value in rows.items())])


def _in_text(config: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """Find the first of some keys, in the configuration or in that of its language part."""
    parts = [config, *(config[p] for p in _TEXT_PARTS if isinstance(config.get(p), dict))]
    return next((p[k] for p in parts for k in keys if p.get(k) is not None), None)


def _image_processor(source: str) -> str | None:
    for name in _PROCESSORS:
        where = join(source, name)
        if not exists(where):
            continue
        document = _object(where)
        inner = document.get("image_processor")
        for part in (inner, document):
            kind = part.get("image_processor_type") if isinstance(part, dict) else None
            if kind is not None:
                return str(kind)
    return None


def _missing(source: str, processor: str | None) -> list[str]:
    parts = {
        "tokenizer": any(exists(join(source, name)) for name in _TOKENIZERS),
        "chat template": _has_template(source),
        "image processor": processor is not None,
        "weights": any(list_files(source, suffix) for suffix in _WEIGHTS),
    }
    return [name for name, present in parts.items() if not present]


def _has_template(source: str) -> bool:
    if any(exists(join(source, name)) for name in _TEMPLATES):
        return True
    holders = [join(source, name) for name in _TEMPLATE_HOLDERS]
    return any(exists(where) and _object(where).get("chat_template") for where in holders)


def _object(where: str) -> dict[str, Any]:
    document = read_json(where)
    if not isinstance(document, dict):
        raise BadInput(f"{where} is not a JSON object")
    return document
