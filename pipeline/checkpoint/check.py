"""The check of a checkpoint before any cluster or GPU is taken.

In: ``model.source``. Out: nothing, or one sentence on why no engine can load it.
"""

import ast
import importlib.util
import re
from functools import cache
from pathlib import Path

from actors.storage.files import exists, join, list_files, read_json
from conf.errors import BadInput

# vLLM's table of models. Importing vLLM takes some ten seconds and torch with it; the table is
# literal Python, which reads in milliseconds. What it does not name is left to the engine, which
# may know more (plug-ins, its Transformers fallback).
_TABLE = "model_executor/models/registry.py"
_TEXT, _VISION = "_TEXT_GENERATION_MODELS", "_MULTIMODAL_MODELS"
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


@cache
def text_only() -> frozenset[str]:
    """Return the architectures without images in vLLM's table; empty where it is not installed."""
    spec = importlib.util.find_spec("vllm")
    if spec is None or spec.origin is None:
        return frozenset()
    table = Path(spec.origin).parent / _TABLE
    if not table.exists():
        return frozenset()
    names = _keys(table.read_text())
    return names.get(_TEXT, frozenset()) - names.get(_VISION, frozenset())


def _keys(source: str) -> dict[str, frozenset[str]]:
    """Return the string keys of the dicts that a module assigns at its top level."""
    tables: dict[str, frozenset[str]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            keys = {k.value for k in node.value.keys if isinstance(k, ast.Constant)}
            for target in node.targets:
                if isinstance(target, ast.Name):
                    tables[target.id] = frozenset(str(k) for k in keys)
    return tables
