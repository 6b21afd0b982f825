"""The check of a checkpoint before any cluster or GPU is taken.

In: the section ``model`` of a run. Out: nothing, or one sentence on why no engine can load it.
vLLM is not imported: its tables, and those of transformers, are literal Python, read as text.
"""

import ast
import importlib.metadata
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from actors.hub import hub_folder, is_hub_id
from actors.storage.files import exists, join, list_files, read_json
from conf.errors import BadInput
from conf.model import ModelConfig
from pipeline.checkpoint.transformers_check import transformers_refusal

_VLLM = ("vllm", "model_executor/models/registry.py")
_TRANSFORMERS = ("transformers", "models/auto/modeling_auto.py")
_TEXT, _VISION = "_TEXT_GENERATION_MODELS", "_MULTIMODAL_MODELS"
_DROPPED, _PLUGIN = "_PREVIOUSLY_SUPPORTED_MODELS", "_OOT_SUPPORTED_MODELS"


def check_checkpoint(model: ModelConfig) -> None:
    """Check that a folder, a URI or a hub id holds a checkpoint.

    Raises:
        BadInput: no such folder or hub id, no configuration, no tokenizer, a model without vision,
            or one that the backend does not have.
        InfrastructureError: the hub cannot be reached.
    """
    source = model.source
    if is_hub_id(source):
        source = hub_folder(source, small=True)
    elif "://" not in source and not Path(source).is_dir():
        raise BadInput(f"model.source {source} is no folder, and no hub id of the form owner/name")
    config = join(source, "config.json")
    if exists(config):
        _check_architectures(config, model)
    elif not _is_consolidated(source):
        raise BadInput(f"model.source {source} holds no config.json")
    names = (uri.rsplit("/", 1)[-1] for uri in list_files(source, ""))
    if not any("token" in name or name == "tekken.json" for name in names):
        raise BadInput(f"model.source {source} holds no tokenizer")


def _is_consolidated(source: str) -> bool:
    """Return whether a folder is in Mistral's own form; raises BadInput for one without vision."""
    parameters = join(source, "params.json")
    if not exists(parameters):
        return False
    document = read_json(parameters)
    if not isinstance(document, dict) or not ({"vision_encoder", "multimodal"} & document.keys()):
        raise BadInput(f"{parameters}: it takes no images; a vision-language model is needed")
    return True


def _check_architectures(config: str, model: ModelConfig) -> None:
    document = read_json(config)
    named = document.get("architectures") if isinstance(document, dict) else None
    if not named or not isinstance(named, list):
        raise BadInput(f"{config} names no architectures")
    blind = text_only()
    if all(name in blind for name in named):
        raise BadInput(f"{config}: {named[0]} takes no images; a vision-language model is needed")
    if model.backend == "vllm":
        problem = _missing_in_vllm(document, str(named[0]))
    else:
        problem = transformers_refusal(document)
    if problem is not None:
        raise BadInput(f"{config}: {problem}")


def _missing_in_vllm(document: dict[str, Any], name: str) -> str | None:
    """Return why vLLM cannot have an architecture; None where it has it, or might.

    It might by way of transformers, of the checkpoint's own code or of a plug-in.
    """
    tables = _tables(*_VLLM)
    known = frozenset[str]().union(*(t for k, t in tables.items() if k not in (_DROPPED, _PLUGIN)))
    others = frozenset[str]().union(*(t.values() for t in _tables(*_TRANSFORMERS).values()))
    plugins = importlib.metadata.entry_points(group="vllm.general_plugins")
    plugged = any(not plugin.value.startswith("vllm.") for plugin in plugins)
    if not tables or name in known | others or "auto_map" in document or plugged:
        return None
    last = last_version(name)
    if last is not None:
        return f"vLLM had {name} until version {last}, and has it no more"
    plugin = tables.get(_PLUGIN, {}).get(name)
    if plugin is not None:
        return f"vLLM has {name} only with the plug-in at {plugin}"
    return f"vLLM does not have the architecture {name}, and neither does transformers"


def text_only() -> frozenset[str]:
    """Return the architectures without images in vLLM's table; empty where it is not installed."""
    tables = _tables(*_VLLM)
    return frozenset(tables.get(_TEXT, {}).keys() - tables.get(_VISION, {}).keys())


def with_images() -> frozenset[str]:
    """Return the architectures with images in vLLM's table; empty where it is not installed."""
    return frozenset(_tables(*_VLLM).get(_VISION, {}))


def last_version(name: str) -> str | None:
    """Return the last version of vLLM that had an architecture; None where it was not dropped."""
    return _tables(*_VLLM).get(_DROPPED, {}).get(name)


@cache
def _tables(package: str, file: str) -> dict[str, dict[str, str | None]]:
    """Return the dicts of strings that a package's file assigns at its top level, by name.

    Importing the packages would take some ten seconds, and torch with it. A value that is no string
    is None. Empty where the package is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return {}
    path = Path(spec.origin).parent / file
    if not path.exists():
        return {}
    tables: dict[str, dict[str, str | None]] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            tables[node.targets[0].id] = _pairs(node.value)
    return tables


def _pairs(node: ast.expr) -> dict[str, str | None]:
    """Return the strings of a dict, or of an OrderedDict made of a list of pairs."""
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    if isinstance(node, ast.Dict):
        pairs = list(zip(node.keys, node.values, strict=True))
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.List):
        elements = (e for e in node.args[0].elts if isinstance(e, ast.Tuple) and len(e.elts) == 2)
        pairs = [(e.elts[0], e.elts[1]) for e in elements]
    return {
        str(key.value): str(value.value) if isinstance(value, ast.Constant) else None
        for key, value in pairs
        if isinstance(key, ast.Constant)
    }
