"""One place that knows which backend a configuration names."""

from actors.backends.base import ChatBackend
from actors.backends.scripted import ScriptedBackend
from conf.schema import RunConfig


def build_backend(config: RunConfig) -> ChatBackend:
    """Make the configured backend; a heavy engine is imported only when it is the one."""
    if config.model.backend == "scripted":
        return ScriptedBackend(config.model)
    from actors.backends.vllm_engine import VllmBackend  # noqa: PLC0415

    return VllmBackend(config.model, config.sampling, config.dataset.uri)
