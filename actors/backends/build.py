"""Makes the backend that a configuration names; only its file, and so its engine, is imported."""

from importlib import import_module

from actors.backends.base import ChatBackend, Reloadable
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
