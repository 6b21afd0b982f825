"""The table of backends and the files that it names."""

import subprocess
import sys
from importlib import import_module

import pytest

from conf.backends import JUDGE_BACKENDS, RUN_BACKENDS


@pytest.mark.parametrize("name", RUN_BACKENDS)
def test_the_file_of_every_backend_of_a_run_makes_one(name):
    module = import_module(f"actors.backends.{RUN_BACKENDS[name].module}")
    assert callable(module.run_backend)


@pytest.mark.parametrize("name", JUDGE_BACKENDS)
def test_the_file_of_every_backend_of_a_judge_makes_one(name):
    module = import_module(f"actors.backends.{JUDGE_BACKENDS[name].module}")
    assert callable(module.judge_backend)


def test_no_backend_is_imported_before_it_is_made():
    code = (
        "import sys, actors.judge_actor, actors.dialogue_actor\n"
        "print([m for m in ('openai', 'vllm', 'actors.backends.scripted') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
