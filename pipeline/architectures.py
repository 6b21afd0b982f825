"""Which architectures vLLM knows as text-only, without importing it.

In: the installed vLLM's table of models. Out: names. Importing vLLM takes some ten seconds and
torch with it; its table is literal Python, which reads in milliseconds. What the table does not
name is left to the engine, which may know more (plug-ins, its Transformers fallback).
"""

import ast
import importlib.util
from functools import cache
from pathlib import Path

_TABLE = "model_executor/models/registry.py"
_TEXT, _VISION = "_TEXT_GENERATION_MODELS", "_MULTIMODAL_MODELS"


@cache
def text_only() -> frozenset[str]:
    """Architectures that generate text and take no images; empty where vLLM is not installed."""
    found = importlib.util.find_spec("vllm")
    if found is None or found.origin is None:
        return frozenset()
    table = Path(found.origin).parent / _TABLE
    if not table.exists():
        return frozenset()
    names = _keys(table.read_text())
    return names.get(_TEXT, frozenset()) - names.get(_VISION, frozenset())


def _keys(source: str) -> dict[str, frozenset[str]]:
    """Give the string keys of the dicts that a module assigns at its top level."""
    found: dict[str, frozenset[str]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            keys = {k.value for k in node.value.keys if isinstance(k, ast.Constant)}
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = frozenset(str(k) for k in keys)
    return found
