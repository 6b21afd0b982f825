"""Whether the backend transformers runs a checkpoint, by its config.json alone."""

from collections.abc import Mapping
from typing import Any

from actors.backends.transformers_model import check_runnable
from conf.errors import ConfigError

_CLASS = "AutoModelForImageTextToText"


def transformers_refusal(document: Mapping[str, Any]) -> str | None:
    """Return why the backend transformers cannot run a checkpoint; None where it can.

    Code of the checkpoint's own is not run; whether it can be used shows when it is loaded.

    Args:
        document: the checkpoint's config.json.
    """
    from transformers import CONFIG_MAPPING  # noqa: PLC0415

    kind = document.get("model_type")
    if kind not in CONFIG_MAPPING:
        if _CLASS in (document.get("auto_map") or {}):
            return None
        return f"transformers does not know the model type {kind}"
    try:
        check_runnable(CONFIG_MAPPING[kind].from_dict(dict(document)))
    except ConfigError as error:
        return str(error)
    except Exception as error:  # of transformers, whose configurations check themselves
        return f"transformers cannot read config.json: {' '.join(str(error).split())[:200]}"
    return None
