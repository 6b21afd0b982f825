"""Shared by all tests: one Ray cluster and one small phantom dataset a session."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Set before Ray is imported anywhere: never join a cluster that happens to run on this machine,
# and never let a token found in a home directory change how clusters behave.
os.environ["RAY_ADDRESS"] = "local"
os.environ["RAY_AUTH_MODE"] = "disabled"
os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
# A provider's key as workers find it: in the environment that their cluster was started with.
os.environ["IMCBENCH_TEST_KEY"] = "sk-canary-27d1c4e0"

import ray

from conf.load import load
from conf.schema import RunConfig
from pipeline.phantom.build import build
from pipeline.run import evaluate
from pipeline.runs.directory import RunDirectory

DIALOGUES = 40


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[None]:
    """A local cluster for every test that needs one."""
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> Path:
    """A dataset of ``DIALOGUES`` dialogues; tests must not change it."""
    target = tmp_path_factory.mktemp("data") / "phantom"
    build(str(target), dialogues=DIALOGUES, seed=7)
    return target


def scripted_config(dataset: Path, output: Path, *overrides: str) -> RunConfig:
    """Configure a scripted run below a folder."""
    base = [
        f"dataset.uri={dataset}",
        f"output={output}",
        "model.backend=scripted",
        "model.source=gold",
        "model.name=scripted",
        "scoring.resamples=200",
    ]
    return load("demo", [*base, *overrides])


@pytest.fixture
def scripted(phantom: Path, tmp_path: Path) -> Callable[..., RunConfig]:
    """Make configurations of scripted runs below the test's own folder."""
    return lambda *overrides: scripted_config(phantom, tmp_path / "runs", *overrides)


@pytest.fixture(scope="session")
def answered(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A finished run whose answers are wrong at 30 % of the turns; tests must not change it."""
    output = tmp_path_factory.mktemp("runs")
    return evaluate(scripted_config(phantom, output, "model.script.error_rate=0.3"))
