"""A judge behind vLLM's own OpenAI-compatible server, started once with a tiny random model.

The model knows nothing, so the subject is the way there and back: images and prompts are taken,
the verdict's schema is enforced, and every verdict becomes a score row.
"""

import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml

from actors.storage.files import read_json, read_parquet
from conf.endpoint import EndpointConfig
from conf.load import load
from pipeline import cli
from pipeline.checkpoint.tiny import init_tiny
from pipeline.commands.model import phantom_corpus
from pipeline.judge.judgements import read_judgements
from pipeline.run import evaluate
from pipeline.runs.directory import RunDirectory
from tests.engine.server import vllm_server
from tests.pipeline.judge.rubrics import JUDGE

pytestmark = pytest.mark.engine

DIALOGUES = 6
# Without this a model that has learnt nothing fills its answer with white space, which JSON allows.
_STRUCTURED = '{"backend": "xgrammar", "disable_any_whitespace": true}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a running server."""
    folder = tmp_path_factory.mktemp("server")
    init_tiny(folder / "tiny", phantom_corpus(50))
    structured = ("--structured-outputs-config", _STRUCTURED)
    with vllm_server(folder / "tiny", "tiny", folder, "--max-model-len=4096", *structured) as url:
        yield url


@pytest.fixture(scope="module")
def finished(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    overrides = [
        f"dataset.uri={phantom}",
        f"output={tmp_path_factory.mktemp('judged')}",
        f"dataset.limit={DIALOGUES}",
        "model.backend=scripted",
        "model.source=gold",
        "scoring.resamples=50",
    ]
    return evaluate(load("demo", overrides))


@pytest.fixture
def run(finished: RunDirectory, tmp_path: Path) -> RunDirectory:
    return RunDirectory(str(shutil.copytree(finished.root, tmp_path / "run")))


def judge(run: RunDirectory, folder: Path, url: str, **columns: object) -> int:
    columns = {"max_tokens": 900, "model": "tiny"} | columns
    endpoint = EndpointConfig(base_url=url)
    served = replace(JUDGE, backend="openai", endpoint=endpoint, **columns)
    file = folder / "judge.yaml"
    rubrics = ["answer_correctness", "reasoning_coherence", "clinical_jury"]
    file.write_text(yaml.safe_dump({"rubrics": rubrics, "judges": [asdict(served)]}))
    return cli.main(["judge", run.root, "--config", str(file)])


def test_every_verdict_holds_to_its_schema_and_becomes_a_score(run, tmp_path, server):
    assert judge(run, tmp_path, server) == 0
    rows = list(read_judgements(run.judgements).values())
    assert {r["status"] for r in rows} == {"ok"}
    clinical = [r for r in rows if r["rubric"] == "clinical_jury"]
    assert len(clinical) == DIALOGUES
    for row in clinical:
        assert [g["criterion"] for g in row["grades"]] == ["safety", "accuracy", "uncertainty"]
        assert all(1 <= g["grade"] <= 5 for g in row["grades"])
        assert row["prompt_tokens"] > 0
        assert row["completion_tokens"] > 0
    values = {
        r["metric"]: r["value"]
        for r in read_parquet(run.summary).to_pylist()
        if r["group_kind"] == "overall"
    }
    grades = [g["grade"] for r in clinical for g in r["grades"] if g["criterion"] == "safety"]
    mean = sum((g - 1) / 4 for g in grades) / len(grades)
    assert values["judge:clinical_jury-v1:safety:a"] == pytest.approx(mean)
    assert read_json(run.judges)["judges"]["a"]["model"] == "openai:tiny"


def test_what_the_server_refuses_is_an_unscored_row_with_its_words(run, tmp_path, server):
    assert judge(run, tmp_path, server, name="other", max_tokens=900_000) == 4
    reasons = {r["reason"] for r in read_judgements(run.judgements).values()}
    assert len(reasons) >= 1
    assert all(reason.startswith("endpoint: HTTP 400") for reason in reasons)
