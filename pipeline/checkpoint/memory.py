"""What a checkpoint needs of GPUs: an estimate from its sizes alone.

In: the bytes of its weights and the sizes of its language part. Out: bytes of keys and values per
token, and the fewest GPUs of one engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_WORKSPACE = 3 * 2**30  # activations, CUDA graphs and the image encoder's largest batch
_USED = 0.9  # vLLM's gpu_memory_utilization
_DIALOGUES = 16  # that must fit at once for an engine to be worth its GPU


@dataclass(frozen=True, kw_only=True)
class GpuNeed:
    """``bytes`` in all GPUs together, of which ``gpus`` of ``gpu_bytes`` hold one engine.

    ``gpus`` is None where eight do not suffice.
    """

    bytes: int
    gpus: int | None
    gpu_bytes: int


def bytes_per_token(text: Mapping[str, Any]) -> int | None:
    """Return the bytes of one token's keys and values in 16 bits; None where sizes are not stated.

    Of models with other attention (latent, sliding windows) this is an upper bound.
    """
    layers = text.get("num_hidden_layers") or text.get("n_layer")
    heads = text.get("num_attention_heads") or text.get("n_head")
    kv_heads = text.get("num_key_value_heads") or heads
    width = text.get("head_dim")
    hidden = text.get("hidden_size") or text.get("n_embd")
    if width is None and hidden and heads:
        width = hidden // heads
    if not (layers and kv_heads and width):
        return None
    return 2 * int(layers) * int(kv_heads) * int(width) * _BYTES["bfloat16"]


def weights_in_16_bits(stored: int, dtype: str | None) -> int:
    """Return the bytes of weights as they are loaded, stored ones being of ``dtype``."""
    return stored * _BYTES["bfloat16"] // _BYTES.get(str(dtype), _BYTES["bfloat16"])


def gpu_need(
    weights: int, token_bytes: int, context: int, heads: int | None, gpu_bytes: int
) -> GpuNeed:
    """Estimate what one engine needs: weights, keys and values of 16 dialogues, and workspace.

    Args:
        weights: bytes as loaded.
        token_bytes: of one token's keys and values.
        context: tokens of the longest dialogue.
        heads: of the attention, which the number of GPUs must divide; None: not stated.
        gpu_bytes: memory of one GPU.
    """
    shared = weights + _DIALOGUES * context * token_bytes
    for gpus in (1, 2, 4, 8):
        fits = shared / gpus + _WORKSPACE <= _USED * gpu_bytes
        if fits and not (heads and heads % gpus):
            return GpuNeed(bytes=shared + gpus * _WORKSPACE, gpus=gpus, gpu_bytes=gpu_bytes)
    return GpuNeed(bytes=shared + 8 * _WORKSPACE, gpus=None, gpu_bytes=gpu_bytes)
