"""One place that knows which backend a configuration names."""

from actors.backends.base import ChatBackend, Reloadable
from actors.backends.openai_endpoint import OpenAIBackend
from actors.backends.scripted import ScriptedBackend
from actors.backends.scripted_judge import ScriptedJudge
from conf.judge import JudgeConfig
from conf.schema import ModelConfig, RunConfig, SamplingConfig

# JSON allows any amount of white space between its parts: unless that is ruled out, a model can
# stay within the schema and never come to its first word.
_STRUCTURED = {"backend": "xgrammar", "disable_any_whitespace": True}


def build_backend(config: RunConfig, *, reloads: bool = False) -> Reloadable:
    """Make the configured backend; a heavy engine is imported only when it is the one.

    ``reloads``: its weights are to be reloaded later.
    """
    if config.model.backend == "scripted":
        return ScriptedBackend(config.model)
    from actors.backends.vllm_engine import VllmBackend  # noqa: PLC0415

    return VllmBackend(config.model, config.sampling, config.dataset.uri, reloads=reloads)


def build_judge(judge: JudgeConfig, dataset_uri: str) -> ChatBackend:
    """Make the backend behind a judge; it reads images from the judged run's dataset."""
    if judge.backend == "scripted":
        return ScriptedJudge(judge)
    if judge.backend == "openai":
        return OpenAIBackend(judge, dataset_uri)
    from actors.backends.vllm_engine import VllmBackend  # noqa: PLC0415

    model = ModelConfig(
        name=judge.name,
        source=judge.model,
        backend="vllm",
        box_dialect="none",
        trust_remote_code=False,
        engine={"structured_outputs_config": _STRUCTURED} | judge.engine,
        script={"error_rate": 0.0, "delay_s": 0.0},
    )
    sampling = SamplingConfig(
        max_tokens=judge.max_tokens, temperature=judge.temperature, top_p=1.0, seed=judge.seed
    )
    return VllmBackend(model, sampling, dataset_uri)
