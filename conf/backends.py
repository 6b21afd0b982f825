"""The backends by name: adding one touches this table and its own file in ``actors/backends``."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A backend, as it is known before it is imported.

    ``module`` is its file's name in ``actors/backends``: with ``run_backend(config, reloads=...)``
    where it answers a run's dialogues, with ``judge_backend(judge, dataset_uri)`` where it judges.
    ``loads_checkpoint``: the model is a checkpoint, which an engine on this cluster loads.
    """

    module: str
    loads_checkpoint: bool = False


_VLLM = Backend(module="vllm_engine", loads_checkpoint=True)
RUN_BACKENDS = {"vllm": _VLLM, "scripted": Backend(module="scripted")}
JUDGE_BACKENDS = {
    "openai": Backend(module="openai_endpoint"),
    "vllm": _VLLM,
    "scripted": Backend(module="scripted_judge"),
}
