"""The outline of a checkpoint from its small files: no engine is started, no weights are read.

In: a local folder, a fsspec URI or a hub id. Out: ``ModelCard``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actors.storage.files import read_json
from conf.errors import BadInput
from pipeline.checkpoint.families import Suggestion, suggest_backend, suggest_dialect
from pipeline.checkpoint.memory import bytes_per_token, weights_in_16_bits
from pipeline.checkpoint.small_files import weights_bytes

# In the order in which an engine would look; the context may be the language part's.
_CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "seq_length", "max_sequence_length")
_TEXT_PARTS = ("text_config", "llm_config", "language_config")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "tekken.json", "vocab.json", "spiece.model")
_TEMPLATES = ("chat_template.jinja", "chat_template.json")
_TEMPLATE_HOLDERS = ("tokenizer_config.json", "processor_config.json")
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")
_SAMPLING = ("do_sample", "temperature", "top_p", "top_k", "min_p", "repetition_penalty")


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """A checkpoint's outline; None means that no file says.

    ``context`` is in tokens, ``weights`` in bytes as loaded in 16 bits, ``token_bytes`` what keys
    and values of one token take, ``generation`` the sampling that the checkpoint suggests.
    """

    source: str
    architecture: str | None
    model_type: str | None
    backend: Suggestion
    context: int | None
    dtype: str | None
    image_processor: str | None
    template: str | None
    dialect: Suggestion
    weights: int
    token_bytes: int | None
    heads: int | None
    generation: dict[str, Any]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


def describe_model(source: str, folder: Path, files: Mapping[str, int]) -> ModelCard:
    """Read a checkpoint's outline.

    Args:
        source: what the checkpoint is called.
        folder: where its small files are.
        files: all its files with their bytes.

    Raises:
        BadInput: a file that matters is not valid JSON.
    """
    config = read_object(folder / "config.json")
    architectures = config.get("architectures") or (None,)
    processor = _image_processor(folder)
    text = language_part(config)
    dtype = _in_text(config, ("dtype", "torch_dtype"))
    template = _template(folder)
    heads = text.get("num_attention_heads")
    missing = _missing(folder, files, processor, template)
    return ModelCard(
        source=source,
        architecture=architectures[0],
        model_type=config.get("model_type"),
        backend=suggest_backend(config),
        context=_in_text(config, _CONTEXT_KEYS),
        dtype=dtype,
        image_processor=processor,
        template=template,
        dialect=suggest_dialect(config.get("model_type"), folder),
        weights=weights_in_16_bits(weights_bytes(dict(files)), dtype),
        token_bytes=bytes_per_token(text),
        heads=heads if isinstance(heads, int) else None,
        generation=_generation(folder),
        missing=missing,
        warnings=tuple(_warnings(config, files, missing)),
    )


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        BadInput: it is none; names the file.
    """
    document = read_json(str(path))
    if not isinstance(document, dict):
        raise BadInput(f"{path} is not a JSON object")
    return document


def language_part(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the configuration of the language part; the whole one where it has none."""
    parts = (config.get(name) for name in _TEXT_PARTS)
    return next((part for part in parts if isinstance(part, dict)), config)


def _in_text(config: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """Find the first of some keys, in the configuration or in that of its language part."""
    parts = (config, language_part(config))
    return next((p[k] for p in parts for k in keys if p.get(k) is not None), None)


def _image_processor(folder: Path) -> str | None:
    for name in _PROCESSORS:
        if not (folder / name).exists():
            continue
        document = read_object(folder / name)
        inner = document.get("image_processor")
        for part in (inner, document):
            kind = part.get("image_processor_type") if isinstance(part, dict) else None
            if kind is not None:
                return str(kind)
    return None


def _template(folder: Path) -> str | None:
    """Return the file that holds the chat template."""
    named = next((name for name in _TEMPLATES if (folder / name).exists()), None)
    holders = (name for name in _TEMPLATE_HOLDERS if (folder / name).exists())
    held = (name for name in holders if read_object(folder / name).get("chat_template"))
    return named or next(held, None)


def _generation(folder: Path) -> dict[str, Any]:
    path = folder / "generation_config.json"
    document = read_object(path) if path.exists() else {}
    return {key: document[key] for key in _SAMPLING if document.get(key) is not None}


def _missing(
    folder: Path, files: Mapping[str, int], processor: str | None, template: str | None
) -> tuple[str, ...]:
    parts = {
        "tokenizer": any((folder / name).exists() for name in _TOKENIZERS),
        "chat template": template is not None,
        "image processor": processor is not None,
        "weights": any(name.endswith((".safetensors", ".bin", ".pt", ".gguf")) for name in files),
    }
    return tuple(name for name, present in parts.items() if not present)


def _warnings(
    config: Mapping[str, Any], files: Mapping[str, int], missing: tuple[str, ...]
) -> list[str]:
    warnings = []
    if config.get("auto_map"):
        warnings.append("it brings code of its own: model.trust_remote_code=true runs that code")
    if "weights" not in missing and not any(name.endswith(".safetensors") for name in files):
        warnings.append("its weights are no safetensors: loading them can run code")
    if config.get("quantization_config"):
        warnings.append("its weights are quantised: memory is less than estimated here")
    if "chat template" in missing:
        warnings.append("it has no chat template: the engine takes a fallback, or refuses it")
    return warnings
