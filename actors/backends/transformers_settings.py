"""The settings of the transformers backend: ``model.engine``, checked.

In: the mapping of the configuration, whose keys ``conf.backends`` lists. Out: ``EngineSettings``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conf.errors import ConfigError

_POSITIVE = ("max_model_len", "max_num_seqs", "kv_cache_memory_bytes", "vision_cache_memory_bytes")
_DTYPES = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """How a checkpoint is loaded and served.

    ``dtype`` auto is the checkpoint's own. ``device_map`` goes to ``from_pretrained``; without it
    the model is on the first GPU, or on CPUs where there is none. ``max_model_len`` is the context
    in tokens, without it the checkpoint's own. ``max_num_seqs`` answers are generated at once.

    ``kv_cache_memory_bytes`` bounds the keys and values of all dialogues: those of dialogues that
    wait for their next turn are dropped first, longest waiting first, and are computed again. One
    answer is always generated, however large. ``vision_cache_memory_bytes`` bounds what is kept of
    images that the vision part has read. ``mm_processor_kwargs`` change the checkpoint's processor,
    as they do in vLLM.
    """

    dtype: str = "auto"
    device_map: Any = None
    attn_implementation: str | None = None
    max_model_len: int | None = None
    max_num_seqs: int = 32
    kv_cache_memory_bytes: int = 4 * 2**30
    vision_cache_memory_bytes: int = 2**30
    mm_processor_kwargs: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the values."""
        for key in _POSITIVE:
            value = getattr(self, key)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise ConfigError(f"model.engine.{key} is {value!r}; it must be an integer from 1")
        if self.dtype not in _DTYPES:
            raise ConfigError(
                f"model.engine.dtype is {self.dtype!r}; choose one of {', '.join(_DTYPES)}"
            )
