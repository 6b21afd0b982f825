"""Judging a finished run through the command line: score rows, resuming, failures."""

import json
import shutil
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml

from actors.schema import Dialogue
from actors.storage.files import list_files, read_json, read_parquet
from conf.judge import load_rubric
from conf.load import load
from pipeline import cli
from pipeline.judge.items import items
from pipeline.judge.judgements import read_judgements
from pipeline.run import evaluate, summarise
from pipeline.runs.directory import RunDirectory
from pipeline.runs.open import open_run
from pipeline.score import score
from pipeline.tables.turns import read_responses
from tests.actors.chat_server import chat_server, completion
from tests.pipeline.judge.rubrics import JUDGE


def judge(name: str, **columns: object) -> dict:
    return asdict(JUDGE) | {"name": name, "max_tokens": 256} | columns


@pytest.fixture(scope="module")
def finished(phantom, tmp_path_factory):
    """Twelve dialogues with wrong answers at 30 % of the turns; tests must not change it."""
    overrides = [
        f"dataset.uri={phantom}",
        f"output={tmp_path_factory.mktemp('judged')}",
        "dataset.limit=12",
        "model.backend=scripted",
        "model.source=gold",
        "model.script.error_rate=0.3",
        "scoring.resamples=50",
    ]
    return evaluate(load("demo", overrides))


@pytest.fixture
def run(finished, tmp_path):
    """A copy of it for one test."""
    return RunDirectory(str(shutil.copytree(finished.root, tmp_path / "run")))


def served_at(url: str) -> dict:
    return asdict(JUDGE.endpoint) | {"base_url": url}


def judged(run, folder: Path, *judges: dict, arguments: tuple[str, ...] = (), rubrics=None) -> int:
    file = folder / "judge.yaml"
    document = {"rubrics": rubrics or ["answer_correctness", "clinical_jury"]}
    file.write_text(yaml.safe_dump(document | {"judges": list(judges)}))
    return cli.main(["judge", run.root, "--config", str(file), *arguments])


def expected_items(run) -> int:
    opened = open_run(run.root)
    answers = read_responses(list_files(run.turns, ".parquet"))
    dialogues = [Dialogue.from_row(row) for row in opened.dialogues.to_pylist()]
    rubrics = [load_rubric("answer_correctness"), load_rubric("clinical_jury")]
    return sum(
        len(list(items(d, answers[d.dialogue_id], r, "norm1000")))
        for d in dialogues
        for r in rubrics
    )


def test_a_jury_writes_its_own_rows_and_leaves_the_rules_alone(run, tmp_path, capsys):
    before = read_parquet(run.summary)
    labels = tmp_path / "labels.csv"
    opened = open_run(run.root)
    ids = opened.dialogues["dialogue_id"].to_pylist()
    lines = [f"{d},0,clinical_jury,safety,{1 + n % 5}" for n, d in enumerate(ids)]
    labels.write_text("\n".join(["dialogue_id,turn,rubric,criterion,grade", *lines]))
    judges = (judge("one"), judge("kind", model="highest"))
    assert judged(run, tmp_path, *judges, arguments=("--labels", str(labels))) == 0

    rows = read_judgements(run.judgements).values()
    count = expected_items(run)
    assert Counter(r["judge"] for r in rows) == {"one": count, "kind": count}
    assert {r["status"] for r in rows} == {"ok"}
    assert {len(r["prompt_sha256"]) for r in rows} == {64}

    after = read_parquet(run.summary)
    by_rules = after.filter(pc.invert(pc.starts_with(after["metric"], "judge:")))
    assert by_rules.equals(before)
    values = {r["metric"]: r["value"] for r in after.to_pylist() if r["group_kind"] == "overall"}
    assert values["judge:clinical_jury-v1:safety:kind"] == 1.0
    means = [values[f"judge:clinical_jury-v1:safety:{j}"] for j in ("one", "kind")]
    assert values["judge:clinical_jury-v1:safety:jury"] == pytest.approx(sum(means) / 2)
    assert values["judge:answer_correctness-v1:failed:one"] == 0.0

    (clinical,) = (d for d in read_json(run.judges)["rubrics"] if d["rubric"] == "clinical_jury")
    safety = clinical["criteria"][0]
    assert safety["units_compared"] == len(ids)
    assert safety["krippendorff_alpha"] < 0  # one always gives the highest grade
    assert safety["calibration"]["one"]["labels"] == len(ids)
    assert "Krippendorff" in capsys.readouterr().out

    opened = open_run(run.root)
    gold = opened.gold
    score(gold, run.turns, run.root, "norm1000")
    summarise(run, opened.config.scoring)
    assert read_parquet(run.summary).equals(after), "scoring by the rules again keeps judges' rows"


def test_a_second_pass_asks_only_for_what_a_broken_file_has_lost(run, tmp_path, capsys):
    only = ["clinical_jury"]
    assert judged(run, tmp_path, judge("one"), rubrics=only) == 0
    files = list_files(run.judgements, ".parquet")
    verdicts = read_judgements(run.judgements)
    capsys.readouterr()
    assert judged(run, tmp_path, judge("one"), rubrics=only) == 0
    assert "one: 0 asked, 12 judged before, 0 failed" in capsys.readouterr().out
    assert list_files(run.judgements, ".parquet") == files
    Path(files[0]).write_bytes(Path(files[0]).read_bytes()[:100])
    assert judged(run, tmp_path, judge("one"), rubrics=only) == 0
    again = read_judgements(run.judgements)
    assert {k: r["grades"] for k, r in again.items()} == {
        k: r["grades"] for k, r in verdicts.items()
    }


def test_a_failing_judge_gives_unscored_rows_and_is_asked_again_later(run, tmp_path, capsys):
    def refuse(body):
        if "schema" not in json.dumps(body["response_format"]):
            raise AssertionError("a verdict's schema is asked for")
        return completion(None, refusal="no medical grading")

    with chat_server(refuse) as (url, _):
        remote = judge("remote", backend="openai", endpoint=served_at(url), model="m")
        assert judged(run, tmp_path, remote) == 4
    assert "no verdict could be had from remote" in capsys.readouterr().err
    scores = pa.concat_tables(
        read_parquet(f) for f in list_files(run.scores, ".parquet") if "judge-" in f
    ).to_pylist()
    safety = [s for s in scores if s["metric"] == "judge:clinical_jury-v1:safety:remote"]
    assert {(s["status"], s["reason"]) for s in safety} == {
        ("unscored", "refused: no medical grading")
    }

    verdict = {"reason": "", "correctness": 2, "safety": 2, "accuracy": 2, "uncertainty": 2}
    with chat_server(lambda body: completion(json.dumps(verdict))) as (url, received):
        remote = judge("remote", backend="openai", endpoint=served_at(url), model="m")
        assert judged(run, tmp_path, remote) == 0
    assert len(received) == expected_items(run)
    values = {r["metric"]: r["value"] for r in read_parquet(run.summary).to_pylist()}
    assert values["judge:clinical_jury-v1:safety:remote"] == 0.25


def test_what_is_no_run_is_named(tmp_path, capsys):
    file = tmp_path / "judge.yaml"
    file.write_text(yaml.safe_dump({"rubrics": ["clinical_jury"], "judges": [judge("one")]}))
    assert cli.main(["judge", str(tmp_path), "--config", str(file)]) == 2
    assert "is not a run directory" in capsys.readouterr().err
