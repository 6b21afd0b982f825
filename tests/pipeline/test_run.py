"""Whole runs on the scripted backend: real Ray Data, real files."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.schema import TURN_SCHEMA
from actors.storage.files import list_files, read_json, read_parquet
from conf.errors import BadInput, ConfigError, InfrastructureError
from conf.load import load
from pipeline.cli import main
from pipeline.dataset.open import open_dataset
from pipeline.generate.run_pass import finished_dialogues
from pipeline.run import evaluate
from pipeline.runs.prepare import prepare
from tests.pipeline.finished_runs import assert_one_row_per_turn, summary_rows, turn_rows, value

pytestmark = pytest.mark.usefixtures("ray_cluster")


def test_gold_answers_score_one_everywhere(scripted, phantom):
    run = evaluate(scripted())
    assert_one_row_per_turn(run, phantom)
    for metric, expected in (
        ("overall", 1.0),
        ("turn_accuracy", 1.0),
        ("visual_consistency", 1.0),
        ("reasoning_coherence", 1.0),
        ("hallucination_rate", 0.0),
        ("failed_turns", 0.0),
    ):
        assert value(run, metric) == expected, metric


def test_wrong_answers_cost_every_metric(scripted):
    run = evaluate(scripted("model.script.error_rate=1.0"))
    assert value(run, "turn_accuracy") < 0.2
    assert value(run, "visual_consistency") == 0.0
    assert value(run, "hallucination_rate") > 0.4


def test_turn_files_carry_schema_dialect_and_versions(scripted):
    run = evaluate(scripted("dataset.limit=3", "model.box_dialect=pixels"))
    for uri in list_files(run.turns, ".parquet"):
        schema = pq.read_schema(uri)
        assert schema.names == TURN_SCHEMA.names
        assert schema.metadata[b"box_dialect"] == b"pixels"
        assert b"ray" in schema.metadata
    manifest = read_json(run.manifest)
    assert manifest["dataset"]["name"] == "phantom"
    assert manifest["passes"][0]["dialogues"] == 3


def test_resume_skips_finished_dialogues(scripted):
    config = scripted()
    run = evaluate(config)
    before = {f: Path(f).stat().st_mtime_ns for f in list_files(run.turns, ".parquet")}
    first = summary_rows(run)
    assert evaluate(config) == run
    assert {f: Path(f).stat().st_mtime_ns for f in list_files(run.turns, ".parquet")} == before
    assert summary_rows(run) == first


def test_resume_redoes_lost_and_truncated_files_alone(scripted, phantom):
    config = scripted()
    run = evaluate(config)
    expected = summary_rows(run)
    table = turn_rows(run)
    ids = sorted(set(table["dialogue_id"].to_pylist()))
    kept, lost = ids[:20], ids[20:]
    rows = table.to_pylist()
    shutil.rmtree(run.turns)
    Path(run.turns).mkdir()
    keep = table.take([n for n, r in enumerate(rows) if r["dialogue_id"] in kept])
    pq.write_table(keep, f"{run.turns}/part-kept.parquet")
    drop = table.take([n for n, r in enumerate(rows) if r["dialogue_id"] in lost])
    pq.write_table(drop, f"{run.turns}/part-cut.parquet")
    cut = Path(f"{run.turns}/part-cut.parquet")
    cut.write_bytes(cut.read_bytes()[:-100])
    evaluate(config)
    assert_one_row_per_turn(run, phantom)
    assert not cut.exists()
    passes = read_json(run.manifest)["passes"]
    assert passes[-1]["dialogues"] == len(lost)
    assert summary_rows(run) == expected
    assert set(finished_dialogues(run)) == set(ids)


def test_another_number_of_actors_resumes_the_same_run(scripted):
    assert evaluate(scripted()) == evaluate(
        scripted("compute.actors=2", "compute.dialogues_per_task=3", "compute.tasks_per_actor=2")
    )


def test_other_sampling_is_another_run(scripted):
    assert prepare(scripted()).run_id != prepare(scripted("sampling.seed=1")).run_id


def test_a_faulty_dataset_is_refused_unless_told_to_drop(scripted, phantom, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(phantom, copy, ignore=shutil.ignore_patterns("*.png"))
    file = next((copy / "dialogues").iterdir())
    rows = pq.read_table(file).to_pylist()
    rows[0]["modality"] = "smell"
    schema = open_dataset(str(phantom)).dialogues().schema
    pq.write_table(type(pq.read_table(file)).from_pylist(rows, schema=schema), file)
    document = json.loads((copy / "dataset.json").read_text())
    (copy / "dataset.json").write_text(json.dumps(document | {"files": {}}))
    with pytest.raises(BadInput, match=r"1 faults.*modality = 'smell'"):
        prepare(scripted(f"dataset.uri={copy}"))
    prepared = prepare(scripted(f"dataset.uri={copy}", "dataset.drop_faulty=true"))
    assert prepared.dialogues.num_rows == len(rows) - 1
    assert read_json(prepared.directory.manifest)["dataset"]["dropped"] == [rows[0]["dialogue_id"]]


def test_an_actor_that_cannot_start_is_told_in_one_sentence(scripted, tmp_path):
    """Real engine, refused: an architecture that nobody knows."""
    checkpoint = {"model_type": "unheard_of", "architectures": ["UnheardOf"], "auto_map": {}}
    (tmp_path / "config.json").write_text(json.dumps(checkpoint))
    (tmp_path / "tokenizer.json").write_text("{}")
    config = scripted("model.backend=vllm", f"model.source={tmp_path}")
    with pytest.raises(InfrastructureError, match="unheard_of") as caught:
        evaluate(config)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "word"),
    [("nowhere/at/all", "no folder"), ("{folder}", r"holds no config\.json"), ("", "empty")],
)
def test_a_checkpoint_that_is_none_is_refused_before_anything_starts(
    source, word, scripted, tmp_path
):
    source = source.format(folder=tmp_path)
    with pytest.raises((BadInput, ConfigError), match=word):
        prepare(scripted("model.backend=vllm", f"model.source='{source}'"))


def test_scores_and_summary_hold_the_contract(answered):
    run = answered
    scores = [r for f in list_files(run.scores, ".parquet") for r in read_parquet(f).to_pylist()]
    keys = [(r["dialogue_id"], r["metric"]) for r in scores]
    assert len(keys) == len(set(keys))
    assert {r["status"] for r in scores} == {"scored", "unscored"}
    assert all(r["reason"] for r in scores if r["status"] == "unscored")
    kinds = {r["group_kind"] for r in summary_rows(run)}
    assert kinds == {
        "overall",
        "specialty",
        "source",
        "modality",
        "health_system",
        "language",
        "turn_index",
        "release",
    }
    for row in summary_rows(run):
        if row["value"] is not None:
            assert 0 <= row["value"] <= 1
            if row["ci_low"] is not None:
                assert 0 <= row["ci_low"] <= row["ci_high"] <= 1


def test_a_dialect_whose_sizes_the_backend_does_not_give_is_refused_before_anything_starts(
    scripted, tmp_path
):
    with pytest.raises(
        BadInput, match=r"qwen25 needs the size .* model\.backend scripted does not"
    ):
        prepare(scripted("model.box_dialect=qwen25"))
    assert not (tmp_path / "runs").exists()


def test_a_template_in_a_file_becomes_part_of_the_run(scripted, tmp_path):
    file = tmp_path / "chat.jinja"
    file.write_text("{{ messages }}")
    checkpoint = "examples/reference_model/checkpoints/final"
    engine = ("model.backend=vllm", f"model.source={checkpoint}")
    run = prepare(scripted(*engine, f"model.chat.template={file}"))
    assert run.config.model.chat.template == "{{ messages }}"
    assert load(run.directory.config) == run.config
    file.write_text("{{ messages }}.")
    assert prepare(scripted(*engine, f"model.chat.template={file}")).run_id != run.run_id
    with pytest.raises(BadInput, match=r"nowhere\.jinja is no file"):
        prepare(scripted(*engine, "model.chat.template=nowhere.jinja"))


def test_answers_that_were_cut_off_are_warned_about(scripted, capsys):
    run = evaluate(scripted("dataset.limit=3"))
    arguments = ["run", "--no-page", "--config", run.config]
    assert main(arguments) == 0
    assert "warning" not in capsys.readouterr().out
    turns = 0
    for uri in list_files(run.turns, ".parquet"):
        table = read_parquet(uri)
        turns += table.num_rows
        column = table.schema.get_field_index("finish_reason")
        cut = pa.array(["length"] * table.num_rows)
        pq.write_table(table.set_column(column, table.schema.field(column), cut), uri)
    assert main(arguments) == 0
    told = f"warning: {turns} of {turns} answers (100.0%) were cut off at sampling.max_tokens=48"
    assert told in capsys.readouterr().out
