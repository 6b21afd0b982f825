"""YAML preset and dotlist overrides to a checked ``RunConfig``, and its fingerprint.

In: the path of a complete preset and ``key=value`` strings. Out: frozen dataclasses.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from conf.errors import ConfigError
from conf.schema import SECTIONS, RunConfig

# Engine arguments that say where and how fast, not what is answered.
_PLACEMENT = frozenset(
    {
        "tensor_parallel_size",
        "pipeline_parallel_size",
        "distributed_executor_backend",
        "gpu_memory_utilization",
        "kv_cache_memory_bytes",
        "max_num_seqs",
        "max_num_batched_tokens",
        "block_size",
        "enforce_eager",
        "enable_prefix_caching",
    }
)


def load(path: str, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a preset, apply ``key=value`` overrides, check everything.

    ``path`` is a file, or the name of a preset beside this module (demo, full).

    Raises:
        ConfigError: one sentence that names the key.
    """
    return from_document(read_document(path, overrides))


def read_document(path: str, overrides: Sequence[str] = (), *, may_be_open: bool = False) -> Any:
    """Read YAML, or a preset beside this module by name, and apply ``key=value`` overrides.

    Raises:
        ConfigError: no such file, not YAML, an open key, or an override of another form.
    """
    file = Path(path)
    if not file.exists() and not file.suffix:
        file = Path(__file__).with_name(f"{path}.yaml")
    try:
        base = yaml.safe_load(file.read_text())
    except FileNotFoundError:
        raise ConfigError(f"config {path} does not exist") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"config {path}: {' '.join(str(error).split())}") from error
    return overridden(path, base or {}, overrides, may_be_open=may_be_open)


def overridden(
    path: str, document: Any, overrides: Sequence[str], *, may_be_open: bool = False
) -> Any:
    """Apply ``key=value`` overrides to nested dicts; later ones win.

    Args:
        path: names the document in errors.
        document: nested dicts and lists, as YAML has them.
        overrides: a list's items can be named, too.
        may_be_open: leave ``???`` as it is instead of asking for a value.

    Raises:
        ConfigError: an override is malformed, or a key is still open.
    """
    for item in overrides:
        if "=" not in item:
            raise ConfigError(f"override {item!r} is not of the form key=value")
    try:
        base = OmegaConf.create(document)
        base.merge_with_dotlist(list(overrides))
        return OmegaConf.to_container(base, resolve=True, throw_on_missing=not may_be_open)
    except MissingMandatoryValue as error:
        key = error.full_key
        raise ConfigError(f"config {path} leaves {key} open; give {key}=...") from error
    except (yaml.YAMLError, OmegaConfBaseException, ValueError) as error:
        raise ConfigError(f"config {path}: {' '.join(str(error).split())}") from error


def from_document(document: Any) -> RunConfig:
    """Build the configuration from nested dicts; raises ConfigError for a bad key or value."""
    if not isinstance(document, dict):
        raise ConfigError("the configuration is not a mapping")
    check_keys("", document, [*SECTIONS, "output"])
    sections = {name: section(name, cls, document[name]) for name, cls in SECTIONS.items()}
    return RunConfig(output=_typed("output", str, document["output"]), **sections)


def to_yaml(config: RunConfig) -> str:
    """Write the resolved configuration, complete and flat, as a preset is."""
    return yaml.safe_dump(asdict(config), sort_keys=False, allow_unicode=True)


def fingerprint(config: RunConfig, *, dataset_id: str, weights_id: str, protocol: str) -> str:
    """Hash what decides the outputs, never where things are stored; 12 hex digits.

    ``protocol`` is the prompt's wording, so that a changed prompt is another run.
    """
    scripted = config.model.backend == "scripted"
    decides = {
        "dataset": dataset_id,
        "limit": config.dataset.limit,
        "drop_faulty": config.dataset.drop_faulty,
        "weights": weights_id,
        "backend": config.model.backend,
        "box_dialect": config.model.box_dialect,
        "script": config.model.script["error_rate"] if scripted else None,
        "engine": None if scripted else _decisive(config.model.engine),
        "conversation": asdict(config.conversation),
        "sampling": asdict(config.sampling),
        "protocol": protocol,
    }
    canonical = json.dumps(decides, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _decisive(engine: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in engine.items() if key not in _PLACEMENT}


def section(name: str, cls: type, value: Any) -> Any:
    """Build the dataclass ``cls`` from a mapping that has exactly its fields, each of its type.

    Raises:
        ConfigError: the message names the key below ``name``.
    """
    if not isinstance(value, dict):
        raise ConfigError(f"{name} is not a mapping")
    declared = {f.name: f.type for f in fields(cls)}
    check_keys(f"{name}.", value, list(declared))
    return cls(**{k: _typed(f"{name}.{k}", t, value[k]) for k, t in declared.items()})


def check_keys(prefix: str, value: dict[Any, Any], known: list[str]) -> None:
    """Raise ConfigError for a key that is unknown or missing."""
    for key in value:
        if key not in known:
            raise ConfigError(f"unknown key {prefix}{key}; known here: {', '.join(known)}")
    for key in known:
        if key not in value:
            raise ConfigError(f"key {prefix}{key} is missing")


def _typed(key: str, declared: Any, value: Any) -> Any:
    """Check a scalar against its annotation; integers pass as floats, nothing else is converted."""
    kinds = getattr(declared, "__args__", (declared,)) if _is_union(declared) else (declared,)
    for kind in kinds:
        origin = getattr(kind, "__origin__", kind)
        if value is None and kind is type(None):
            return None
        if origin is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if origin is dict and isinstance(value, dict):
            inner = kind.__args__[1]
            if inner is Any:
                return value
            return {k: _typed(f"{key}.{k}", inner, v) for k, v in value.items()}
        if isinstance(origin, type) and isinstance(value, origin):
            if origin is int and isinstance(value, bool):
                continue
            return value
    names = " or ".join(
        "null" if k is type(None) else getattr(k, "__name__", str(k)) for k in kinds
    )
    raise ConfigError(f"{key} is {value!r}; it must be {names}")


def _is_union(declared: Any) -> bool:
    return type(declared).__name__ in ("UnionType", "Union")
