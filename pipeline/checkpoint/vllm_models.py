"""The architectures that vLLM knows, read from its own table.

Importing vLLM takes some ten seconds and torch with it; the table is literal Python, which reads in
milliseconds. What it does not name is left to the engine, which may know more (plug-ins).
"""

import ast
import importlib.util
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_TABLE = "model_executor/models/registry.py"
_TEXT, _VISION = "_TEXT_GENERATION_MODELS", "_MULTIMODAL_MODELS"
_DROPPED = "_PREVIOUSLY_SUPPORTED_MODELS"


@dataclass(frozen=True, kw_only=True)
class VllmModels:
    """Names of architectures: without and with images; ``dropped`` names the last version of some.

    All are empty where vLLM is not installed.
    """

    text: frozenset[str] = frozenset()
    vision: frozenset[str] = frozenset()
    dropped: dict[str, str] = field(default_factory=dict)


@cache
def vllm_models() -> VllmModels:
    """Return what the installed vLLM knows."""
    spec = importlib.util.find_spec("vllm")
    table = Path(spec.origin).parent / _TABLE if spec and spec.origin else None
    if table is None or not table.exists():
        return VllmModels()
    found = _dicts(table.read_text())
    return VllmModels(
        text=frozenset(found.get(_TEXT, {})),
        vision=frozenset(found.get(_VISION, {})),
        dropped=found.get(_DROPPED, {}),
    )


def _dicts(source: str) -> dict[str, dict[str, str]]:
    """Return the dicts with string keys that a module assigns at its top level, values as text."""
    tables: dict[str, dict[str, str]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            pairs = zip(node.value.keys, node.value.values, strict=True)
            entries = {
                str(key.value): str(getattr(value, "value", ""))
                for key, value in pairs
                if isinstance(key, ast.Constant)
            }
            for target in node.targets:
                if isinstance(target, ast.Name):
                    tables[target.id] = entries
    return tables
