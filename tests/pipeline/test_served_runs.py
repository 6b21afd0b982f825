"""Whole runs of a served model: a real command, a real provider that fails, Ray in between."""

import os
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import ray

from actors.storage.files import list_files, read_json, read_parquet
from conf.load import load, to_yaml
from pipeline import cli
from pipeline.runs.directory import RunDirectory
from pipeline.runs.prepare import prepare
from pipeline.runs.status import status, status_text
from tests.actors.provider import FAULTS, Asked, Provider, serving
from tests.pipeline.finished_runs import turn_rows, value

ROOT = Path(__file__).parents[2]
KEY = os.environ["IMCBENCH_TEST_KEY"]
PRICES = """
prices:
  - {ids: [served], since: "2025-01-01", input: 1000, cached_read: 100, cache_write: 1250,
     output: 5000, image: {kind: area, base: 0, each: 750}}
"""


def answered(question: str) -> str:
    """What the provider answers to a question, whatever went before."""
    return f"Yes, {zlib.crc32(question.encode())}."


def by_question(asked: Asked) -> str:
    return answered(asked.question.split("\n")[0])


@dataclass
class Command:
    """``imcbench run`` as a user calls it."""

    config: Path
    run: RunDirectory
    capsys: pytest.CaptureFixture[str]
    said: str = ""

    def __call__(self, *overrides: str) -> int:
        code = cli.main(["run", "--config", str(self.config), *overrides])
        captured = self.capsys.readouterr()
        self.said = captured.out + captured.err
        return code

    def start(self) -> subprocess.Popen:
        """Call it in a process of its own, on this session's cluster."""
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline", "run", "--config", str(self.config)],
            cwd=ROOT,
            env={**os.environ, "RAY_ADDRESS": ray.get_runtime_context().gcs_address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture
def command(phantom: Path, tmp_path: Path, capsys) -> Callable[..., Command]:
    """Make the command for a provider at a URL; 12 dialogues."""

    def make(url: str, *overrides: str, backend: str = "openai") -> Command:
        (tmp_path / "prices.yaml").write_text(PRICES)
        root = f"{url}/v1" if backend == "openai" else url
        config = load(
            "endpoint",
            [
                f"dataset.uri={phantom}",
                "dataset.limit=12",
                f"output={tmp_path / 'runs'}",
                "model.name=m",
                "model.source=served",
                f"model.backend={backend}",
                "model.box_dialect=norm1000",
                f"model.endpoint.base_url={root}",
                "model.endpoint.api_key_env=IMCBENCH_TEST_KEY",
                f"model.endpoint.prices={tmp_path / 'prices.yaml'}",
                "compute.tasks_per_actor=6",
                "scoring.resamples=50",
                *overrides,
            ],
        )
        path = tmp_path / "config.yaml"
        path.write_text(to_yaml(config))
        return Command(path, prepare(config).directory, capsys)

    return make


@pytest.mark.parametrize("backend", ["openai", "anthropic"])
def test_what_the_provider_fails_is_in_no_row_and_the_key_in_no_file(command, backend, phantom):
    numbers = iter(range(10**6))
    faults = (*FAULTS, "credit")
    provider = Provider(
        answer=by_question,
        key=KEY,
        fault=lambda asked: faults[n // 4 % 8] if (n := next(numbers)) % 4 == 3 else None,
        refuses=frozenset({"temperature"}),
    )
    with serving(provider) as url:
        run = command(url, backend=backend)
        assert run() == 0, run.said
    rows = turn_rows(run.run).to_pylist()
    assert sum(provider.faults.values()) > len(rows) / 5
    assert {r["status"] for r in rows} == {"ok"}
    assert all(r["response"] == answered(r["question"]) for r in rows)
    assert {tuple(r["served"]["left_out"]) for r in rows} == {("temperature",)}
    assert len(provider.billed) == len(rows)  # nothing was paid for twice
    written = [p for root in (run.config.parent, _ray_logs()) for p in root.rglob("*")]
    assert any(p.suffix == ".err" for p in written)
    assert not [p for p in written if p.is_file() and KEY.encode() in p.read_bytes()]
    assert KEY not in run.said
    price = read_json(run.run.manifest)["price"]
    assert (price["input"], price["output"]) == (1000, 5000)
    assert "Paid to the provider" in page(run)
    assert f"spent {status(run.run).spent:.2f} USD" in status_text(status(run.run))


def test_a_killed_run_resumes_without_paying_twice_for_finished_dialogues(command):
    provider = Provider(answer=by_question, delay_s=0.4)
    with serving(provider) as url:
        run = command(url)
        process = run.start()
        deadline = time.monotonic() + 120
        while not list_files(run.run.turns, ".parquet") and time.monotonic() < deadline:
            time.sleep(0.05)
        process.kill()
        process.wait(timeout=60)
        _settle(provider)
        kept = [r for f in list_files(run.run.turns, ".parquet") for r in _rows(f)]
        paid = len(provider.billed)
        provider.delay_s = 0.0
        assert run() == 0, run.said
    rows = turn_rows(run.run).to_pylist()
    assert 0 < len(kept) < len(rows)
    assert len(provider.billed) - paid == len(rows) - len(kept)


def test_a_provider_that_is_down_ends_the_run_with_code_4_and_it_resumes(command):
    provider = Provider(answer=by_question)
    provider.fault = lambda asked: "529" if len(provider.billed) >= 20 else None
    with serving(provider) as url:
        run = command(url, "model.endpoint.patience_s=2.0")
        assert run() == 4, run.said
        last = run.said.strip().splitlines()[-1]
        assert "gave no answer in 2 s of trying again: endpoint: HTTP 529" in last
        assert "resume" in last
        kept = [r for f in list_files(run.run.turns, ".parquet") for r in _rows(f)]
        assert {r["status"] for r in kept} <= {"ok"}
        provider.fault = lambda asked: None
        assert run() == 0
    assert {r["status"] for r in turn_rows(run.run).to_pylist()} == {"ok"}


def test_a_run_stops_at_its_cost_and_resumes_where_it_may_cost_more(command):
    provider = Provider(answer=by_question, delay_s=0.1)
    with serving(provider) as url:
        run = command(url, "compute.max_cost=5", "compute.tasks_per_actor=1")
        assert run() == 3, run.said
        assert "compute.max_cost is 5; raise it" in run.said.strip().splitlines()[-1]
        kept = turn_rows(run.run).num_rows
        assert run() == 3
        assert turn_rows(run.run).num_rows == kept
        assert run("compute.max_cost=500") == 0, run.said
    assert turn_rows(run.run).num_rows > kept


def test_refusals_are_answers_and_a_category_of_their_own(command):
    provider = Provider(
        answer=by_question,
        fault=lambda asked: "filter" if len(asked.texts) > 8 else None,
    )
    with serving(provider) as url:
        run = command(url)
        assert run() == 0, run.said
    rows = turn_rows(run.run).to_pylist()
    refused = [r for r in rows if r["finish_reason"] == "refusal"]
    assert {r["status"] for r in rows} == {"ok"}
    assert refused
    assert value(run.run, "refused_turns") == pytest.approx(len(refused) / len(rows))
    assert value(run.run, "failed_turns") == 0.0
    assert "Refusals, which are answers" in page(run)


def _ray_logs() -> Path:
    """Find where the workers of this session's cluster write what they say."""

    def written_to() -> str:
        return os.readlink("/proc/self/fd/2")

    return Path(ray.get(ray.remote(written_to).remote())).parent


def _settle(provider: Provider) -> None:
    """Wait until nothing is asked any more: actors outlive their driver for a moment."""
    seen = -1
    while seen < len(provider.seen):
        seen = len(provider.seen)
        time.sleep(3.0)


def page(command: Command) -> str:
    return Path(command.run.root, "report", "index.html").read_text()


def _rows(file: str) -> list[dict]:
    return read_parquet(file).to_pylist()
