"""A folder in Mistral's own form, as Pixtral's is: params.json, tekken.json, consolidated weights.

The tokeniser is the one that mistral-common brings along, with the first of its tokens; the weights
are none of a model, so it serves for all that comes before an engine.
"""

import json
from pathlib import Path

import mistral_common

from tests.actors.small_checkpoints import write_safetensors

SPECIAL, TOKENS = 1000, 3000
PATCH = 16
PARAMETERS = {
    "dim": 64,
    "n_layers": 2,
    "head_dim": 32,
    "hidden_dim": 128,
    "n_heads": 2,
    "n_kv_heads": 2,
    "norm_eps": 1e-5,
    "rope_theta": 1e6,
    "vocab_size": SPECIAL + TOKENS,
    "max_position_embeddings": 4096,
    "vision_encoder": {
        "hidden_size": 64,
        "num_channels": 3,
        "image_size": 256,
        "max_image_size": 256,
        "patch_size": PATCH,
        "rope_theta": 1e4,
        "intermediate_size": 128,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "adapter_bias": True,
        "image_token_id": 10,
        "image_break_token_id": 12,
        "image_end_token_id": 13,
    },
}


def write_mistral_folder(folder: Path, *, version: str = "v3") -> Path:
    """Write it; ``version`` is the tokeniser's, which says where the instructions stand."""
    folder.mkdir(parents=True)
    packaged = Path(mistral_common.__file__).parent / "data" / "tekken_240911.json"
    tokeniser = json.loads(packaged.read_text())
    tokeniser["vocab"] = tokeniser["vocab"][:TOKENS]
    tokeniser["config"] |= {
        "num_vocab_tokens": TOKENS,
        "default_vocab_size": SPECIAL + TOKENS,
        "version": version,
    }
    tokeniser["image"] = {"image_patch_size": PATCH, "max_image_size": 256}
    (folder / "tekken.json").write_text(json.dumps(tokeniser))
    (folder / "params.json").write_text(json.dumps(PARAMETERS))
    write_safetensors(folder / "consolidated.safetensors", {"norm.weight": ("F32", [64])}, fill=0)
    return folder
