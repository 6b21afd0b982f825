"""LoRA adapters in PEFT's form, made locally for the reference checkpoint."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

RANK, LAYERS = 4, 2


def write_adapter(
    folder: Path, width: int, *, scale: float, part: str = "text_model", rank: int = RANK
) -> Path:
    """Write an adapter of the query and value projections; its effect grows with ``scale``."""
    folder.mkdir(parents=True)
    drawn = np.random.default_rng(0)
    tensors = {}
    for layer in range(LAYERS):
        for name in ("q_proj", "v_proj"):
            at = f"base_model.model.model.{part}.layers.{layer}.self_attn.{name}"
            tensors[f"{at}.lora_A.weight"] = drawn.normal(size=(rank, width)).astype(np.float32)
            tensors[f"{at}.lora_B.weight"] = scale * drawn.normal(size=(width, rank)).astype(
                np.float32
            )
    save_file(tensors, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "r": rank,
        "lora_alpha": rank,
        "target_modules": ["q_proj", "v_proj"],
        "bias": "none",
        "task_type": "CAUSAL_LM",
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder
