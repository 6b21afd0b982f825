"""The check of a checkpoint before any cluster or GPU is taken.

In: ``model.source``. Out: nothing, or one sentence on why no engine can load it.
"""

import re
from pathlib import Path

from actors.storage.files import exists, join, list_files, read_json
from conf.errors import BadInput
from pipeline.checkpoint.vllm_models import vllm_models

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+|[\w-]+")  # what the engine would look up on a hub


def check_checkpoint(source: str) -> None:
    """Check that a folder or URI holds a checkpoint; a hub id is left to the engine.

    Raises:
        BadInput: no such folder, no config.json, no tokenizer, or a model without vision.
    """
    if "://" not in source and not Path(source).is_dir():
        if _HUB_ID.fullmatch(source):
            return
        raise BadInput(f"model.source {source} is no folder, and no hub id of the form owner/name")
    config = join(source, "config.json")
    if not exists(config):
        raise BadInput(f"model.source {source} holds no config.json")
    document = read_json(config)
    named = document.get("architectures") if isinstance(document, dict) else None
    if not named or not isinstance(named, list):
        raise BadInput(f"{config} names no architectures")
    blind = text_only()
    if all(name in blind for name in named):
        raise BadInput(f"{config}: {named[0]} takes no images; a vision-language model is needed")
    if not any("token" in uri.rsplit("/", 1)[-1] for uri in list_files(source, "")):
        raise BadInput(f"model.source {source} holds no tokenizer")


def text_only() -> frozenset[str]:
    """Return the architectures without images in vLLM's table; empty where it is not installed."""
    models = vllm_models()
    return models.text - models.vision
