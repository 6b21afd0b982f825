"""How answers are drawn, whichever engine draws them: the run's values, or the checkpoint's own.

In: ``sampling`` of a run and what the checkpoint's generation_config.json states. Out: one value
for each name.
"""

from collections.abc import Mapping
from typing import Any

from conf.model import SamplingConfig

_DRAWN = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty")


def drawn_values(sampling: SamplingConfig, stated: Mapping[str, Any]) -> dict[str, float]:
    """Return temperature, top_p, top_k, min_p and the penalties by name."""
    values: dict[str, float] = {name: getattr(sampling, name) for name in _DRAWN}
    if sampling.source == "checkpoint":
        values |= {k: v for k, v in stated.items() if k in _DRAWN and v is not None}
        if stated.get("do_sample") is False:
            values["temperature"] = 0.0
    return values
