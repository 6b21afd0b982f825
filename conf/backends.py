"""The backends by name: adding one touches this table and its own file in ``actors/backends``."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A backend, as it is known before it is imported.

    ``module`` is its file's name in ``actors/backends``: with ``run_backend(config, reloads=...)``
    where it answers a run's dialogues, with ``judge_backend(judge, dataset_uri)`` where it judges.
    ``loads_checkpoint``: the model is a checkpoint, which an engine on this cluster loads.
    ``gives_input_sizes``: it can say at which size an image entered the model. ``engine_keys`` are
    the keys that ``model.engine`` may have; None leaves that to the engine. ``lengths`` is the file
    with ``prompt_measure(config)``, where prompts can be measured without an engine.
    ``takes_adapters``: it can load a LoRA adapter on top of a checkpoint.
    ``is_endpoint``: a provider serves the model, as the section ``endpoint`` says.
    """

    module: str
    loads_checkpoint: bool = False
    gives_input_sizes: bool = False
    engine_keys: tuple[str, ...] | None = None
    lengths: str | None = None
    takes_adapters: bool = False
    is_endpoint: bool = False


_VLLM = Backend(
    module="vllm_engine",
    loads_checkpoint=True,
    gives_input_sizes=True,
    lengths="vllm_lengths",
    takes_adapters=True,
)
_TRANSFORMERS = Backend(
    module="transformers_engine",
    loads_checkpoint=True,
    gives_input_sizes=True,
    lengths="transformers_lengths",
    # What each means: actors/backends/transformers_settings.py.
    engine_keys=(
        "dtype",
        "device_map",
        "attn_implementation",
        "max_model_len",
        "max_num_seqs",
        "kv_cache_memory_bytes",
        "vision_cache_memory_bytes",
        "mm_processor_kwargs",
    ),
)
_OPENAI = Backend(module="openai_endpoint", gives_input_sizes=True, is_endpoint=True)
_ANTHROPIC = Backend(module="anthropic_endpoint", gives_input_sizes=True, is_endpoint=True)
RUN_BACKENDS = {
    "vllm": _VLLM,
    "transformers": _TRANSFORMERS,
    "openai": _OPENAI,
    "anthropic": _ANTHROPIC,
    "scripted": Backend(module="scripted"),
}
JUDGE_BACKENDS = {
    "vllm": _VLLM,
    "openai": _OPENAI,
    "anthropic": _ANTHROPIC,
    "scripted": Backend(module="scripted_judge"),
}
