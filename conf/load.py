"""YAML preset and dotlist overrides to a checked ``RunConfig``, and its fingerprint.

In: the path of a complete preset and ``key=value`` strings. Out: frozen dataclasses.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from conf.errors import ConfigError
from conf.model import ChatConfig
from conf.schema import RunConfig

T = TypeVar("T")
_OPEN = "???"  # how OmegaConf writes a value that is still to be given
# Engine arguments that decide where and how fast an engine runs, not what it answers.
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
        "device_map",
        "vision_cache_memory_bytes",
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


def from_document(document: Any, *, earlier: bool = False) -> RunConfig:
    """Build the configuration from nested dicts; raises ConfigError for a bad key or value.

    ``earlier``: perhaps written by an earlier version, so keys that have defaults may be missing.
    """
    return build(RunConfig, document, earlier=earlier)


def to_yaml(config: RunConfig) -> str:
    """Write the resolved configuration, complete and flat, as a preset is."""
    return yaml.safe_dump(asdict(config), sort_keys=False, allow_unicode=True)


def fingerprint(config: RunConfig, *, dataset_id: str, weights_id: str, protocol: str) -> str:
    """Hash what decides the outputs, not where they are stored; 12 hex digits.

    ``protocol`` is the prompt's wording, so that a changed prompt is another run.
    """
    engine, served = config.model.loads_checkpoint, config.model.is_served
    decides = {
        "dataset": dataset_id,
        "limit": config.dataset.limit,
        "drop_faulty": config.dataset.drop_faulty,
        "weights": weights_id,
        "backend": config.model.backend,
        "box_dialect": config.model.box_dialect,
        "script": None if engine or served else float(config.model.script["error_rate"]),
        "engine": _decisive(config.model.engine) if engine else None,
        "conversation": asdict(config.conversation),
        "sampling": config.sampling.used(),
        "protocol": protocol,
    }
    if served:
        decides["endpoint"] = config.model.endpoint.decisive()
    # What came later counts where it is used: the fingerprints of earlier runs stay.
    if engine and config.model.chat != ChatConfig():
        decides["chat"] = asdict(config.model.chat)
    canonical = json.dumps(decides, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _decisive(engine: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in engine.items() if key not in _PLACEMENT}


def build(cls: type[T], document: Any, at: str = "", *, earlier: bool = False) -> T:
    """Build a dataclass from a mapping that has exactly its fields, each of its type.

    OmegaConf holds the types. What it would convert silently ("3" to 3, 3 to "3", "yes" to
    True) is refused; only integers pass as floats. Fields are set one by one, because OmegaConf's
    own errors do not always name the key inside lists and unions.

    Args:
        cls: a dataclass; fields that are dataclasses, or tuples of one, are built in the same way.
        document: nested dicts and lists.
        at: the key at which the document stands, for errors.
        earlier: fields that have defaults may be missing.

    Raises:
        ConfigError: a key is unknown or missing, or a value is of the wrong type.
    """
    if not isinstance(document, dict):
        raise ConfigError(f"{at or 'the configuration'} is not a mapping")
    # mypy cannot say that T is a dataclass.
    declared = {field.name: field.type for field in fields(cls)}  # type: ignore[arg-type]
    node = OmegaConf.structured(cls)
    if earlier:
        defaults = cast(dict[Any, Any], OmegaConf.to_container(node))
        document = {k: v for k, v in defaults.items() if v != _OPEN} | document
    check_keys(at, document, list(declared))
    OmegaConf.set_readonly(node, False)  # OmegaConf sets it where a dataclass is frozen
    for key, kind in declared.items():
        name, value = _below(at, key), document[key]
        item = get_args(kind)[0] if get_origin(kind) is tuple else None
        if is_dataclass(kind):
            node[key] = build(cast(type, kind), value, name, earlier=earlier)
        elif is_dataclass(item) and isinstance(value, list | tuple):
            part = cast(type, item)
            node[key] = tuple(
                build(part, v, f"{name}.{n}", earlier=earlier) for n, v in enumerate(value)
            )
        elif not _accepts(node, key, value):
            raise _wrong_type(node, key, kind, name, value)
    return cast(T, OmegaConf.to_object(node))


def check_keys(at: str, document: dict[Any, Any], known: list[str]) -> None:
    """Raise ConfigError for a key that is unknown or missing."""
    for key in document:
        if key not in known:
            close = get_close_matches(str(key), known, n=1)
            guess = f"did you mean {_below(at, close[0])}? " if close else ""
            raise ConfigError(
                f"unknown key {_below(at, key)}; {guess}known here: {', '.join(known)}"
            )
    for key in known:
        if key not in document:
            raise ConfigError(f"key {_below(at, key)} is missing")


def _below(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _accepts(node: DictConfig, key: str, value: Any) -> bool:
    """Set a field; return False where its type does not take the value as it is."""
    try:
        OmegaConf.update(node, key, value, merge=False)
        return _unconverted(node[key], value)
    except OmegaConfBaseException:
        return False


def _unconverted(typed: Any, value: Any) -> bool:
    if isinstance(value, dict):
        return all(_unconverted(typed[key], v) for key, v in value.items())
    if isinstance(value, list):
        return all(_unconverted(t, v) for t, v in zip(typed, value, strict=True))
    return type(typed) is type(value) or (isinstance(typed, float) and type(value) is int)


def _wrong_type(node: DictConfig, key: str, kind: Any, name: str, value: Any) -> ConfigError:
    """Name what a field, or the entry of a mapping that is at fault, must be."""
    if get_origin(kind) is dict and isinstance(value, dict):
        for entry, v in value.items():
            if not _accepts(node, key, {entry: v}):
                name, value, kind = f"{name}.{entry}", v, get_args(kind)[1]
                break
    return ConfigError(f"{name} is {value!r}; it must be {_type_name(kind)}")


def _type_name(kind: Any) -> str:
    if get_origin(kind) in (list, tuple):
        return f"a list of {_type_name(get_args(kind)[0])}"
    return getattr(kind, "__name__", str(kind)).replace(" | ", " or ").replace("None", "null")
