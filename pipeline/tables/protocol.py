"""Whether two runs were asked the same, in the same way: what gate and report check first.

In: two manifests. Out: nothing, or ``BadInput`` that names each point in which they differ.
"""

from dataclasses import asdict
from typing import Any

from conf.errors import BadInput
from pipeline.runs.manifest import Manifest

_SHOWN = 40  # characters of a value in an error


def refuse_unlike(before: Manifest, after: Manifest, names: tuple[str, str]) -> None:
    """Raise BadInput that names each point in which dataset or protocol differ.

    ``names``: what the two runs are called in the error.
    """
    one, other = _protocol(before), _protocol(after)
    differ = []
    for key in sorted(one.keys() | other.keys()):
        values = (one.get(key), other.get(key))
        if values[0] != values[1]:
            said = (f"{_short(v)} in {name}" for v, name in zip(values, names, strict=True))
            differ.append(f"{key} is {', '.join(said)}")
    if differ:
        raise BadInput(f"the runs cannot be compared: {'; '.join(differ)}")


def _protocol(manifest: Manifest) -> dict[str, Any]:
    """Return, flat, what two comparable runs have in common."""
    dataset, protocol = manifest.dataset, asdict(manifest.protocol)
    sampling = protocol.pop("sampling")
    return {
        "dataset": dataset.content,
        "dataset.limit": dataset.limit,
        "dataset.dropped": dataset.dropped,
        **protocol,
        **{f"sampling.{key}": value for key, value in sampling.items()},
    }


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
