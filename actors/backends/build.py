"""Makes the backend that a configuration names; only its file, and so its engine, is imported."""

from importlib import import_module

from actors.backends.base import ChatBackend, Reloadable
from actors.backends.prompt_lengths import PromptMeasure
from conf.backends import JUDGE_BACKENDS, RUN_BACKENDS
from conf.judge import JudgeConfig
from conf.schema import RunConfig


def build_backend(config: RunConfig, *, reloads: bool = False) -> Reloadable:
    """Make a run's backend; ``reloads``: its weights are to be reloaded later."""
    module = import_module(f"actors.backends.{RUN_BACKENDS[config.model.backend].module}")
    backend: Reloadable = module.run_backend(config, reloads=reloads)
    return backend


def build_judge(judge: JudgeConfig, dataset_uri: str) -> ChatBackend:
    """Make the backend behind a judge; it reads images from the judged run's dataset."""
    module = import_module(f"actors.backends.{JUDGE_BACKENDS[judge.backend].module}")
    backend: ChatBackend = module.judge_backend(judge, dataset_uri)
    return backend


def build_measure(config: RunConfig) -> PromptMeasure | None:
    """Make what measures a run's prompts without an engine; None where its backend has none.

    Raises:
        ConfigError: the checkpoint, its template or the settings cannot be used.
    """
    file = RUN_BACKENDS[config.model.backend].lengths
    if file is None:
        return None
    measure: PromptMeasure = import_module(f"actors.backends.{file}").prompt_measure(config)
    return measure
