"""A LoRA adapter on top of a checkpoint, as vLLM takes it.

In: a local folder in PEFT's form (adapter_config.json, adapter_model.safetensors). Out: engine
arguments and the request's LoRARequest.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from conf.errors import ConfigError

_CONFIG, _TENSORS = "adapter_config.json", "adapter_model.safetensors"
_TOWER = "enable_tower_connector_lora"
# Parts beside the language model; vLLM drops their tensors without a word unless told otherwise.
_BESIDE = ("vision", "visual", "connector", "projector", "mm_", "merger", "resampler")


def adapter_arguments(folder: str, engine: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with which an engine can load the adapter; those given win.

    Raises:
        ConfigError: no adapter lies there, it is none of LoRA, its rank is more than vLLM takes, or
            it changes the vision part and ``engine`` does not allow for that.
    """
    from vllm.config.lora import MaxLoRARanks  # noqa: PLC0415

    rank = _rank(Path(folder))
    fits = [r for r in get_args(MaxLoRARanks) if r >= rank]
    if not fits:
        raise ConfigError(f"model.adapter has rank {rank}, more than vLLM takes")
    beside = _beside_the_language_model(Path(folder) / _TENSORS)
    if beside and not engine.get(_TOWER):
        raise ConfigError(
            f"model.adapter changes {len(beside)} tensors outside of the language model, such as "
            f"{beside[0]}, which vLLM would ignore; set model.engine.{_TOWER}=true if it can have "
            "them for this architecture, or merge the adapter into the checkpoint"
        )
    return {"enable_lora": True, "max_loras": 1, "max_lora_rank": min(fits)}


def adapter_request(folder: str) -> Any:
    """Return what vLLM wants with each request; imports vLLM."""
    from vllm.lora.request import LoRARequest  # noqa: PLC0415

    return LoRARequest(lora_name="adapter", lora_int_id=1, lora_path=folder)


def _rank(folder: Path) -> int:
    try:
        config = json.loads((folder / _CONFIG).read_text())
        kind, rank = config["peft_type"], config["r"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"model.adapter holds no {_CONFIG} of an adapter: {error!r}") from error
    if kind != "LORA" or not isinstance(rank, int):
        raise ConfigError(f"model.adapter is of the kind {kind!r}; vLLM takes LORA")
    patterns: dict[str, int] = config.get("rank_pattern") or {}
    return max([rank, *patterns.values()])


def _beside_the_language_model(path: Path) -> list[str]:
    if not path.exists():
        raise ConfigError(f"model.adapter holds no {_TENSORS}")
    from safetensors import safe_open  # noqa: PLC0415

    with safe_open(path, framework="np") as file:
        return [name for name in file.keys() if any(part in name for part in _BESIDE)]  # noqa: SIM118 - no mapping
