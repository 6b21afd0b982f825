import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from actors.storage.files import read_json, read_parquet, write_json
from conf.errors import BadInput
from conf.schema import METRICS
from pipeline.report.format import title
from pipeline.report.inputs import Options
from pipeline.report.write import write_full_report
from pipeline.stats.percent import percent
from tests.pipeline.report.make import make_dataset

SECTIONS = (
    "overview",
    "specialties",
    "groups",
    "turns",
    "grounding",
    "hallucination",
    "answers",
    "findings",
    "open-turns",
    "losses",
    "weights",
    "annotators",
    "cost",
    "leaderboard",
    "protocol",
    "how-to-read",
    "limits",
    "checklist",
)


def data_text(run: Path) -> str:
    return "".join(f.read_text() for f in sorted((run / "report" / "data").glob("*.js")))


def test_page_markdown_and_json_show_the_summarys_numbers(copied, runs):
    write_full_report(str(copied), [runs[1]], None, Options())
    summary = read_parquet(str(copied / "summary.parquet")).to_pandas()
    overall = summary[(summary["group_kind"] == "overall") & summary["metric"].isin(METRICS)]
    page = (copied / "report" / "index.html").read_text()
    markdown = (copied / "report.md").read_text()
    document = read_json(str(copied / "report.json"))
    assert len(overall) == 4
    for row in overall.itertuples():
        assert percent(row.value) in page
        assert f"| {title(row.metric)} | {percent(row.value)}" in markdown
        assert document["headline"][row.metric]["value"] == row.value


def test_every_section_is_there_with_and_without_a_comparison(copied, runs):
    write_full_report(str(copied), [], None, Options())
    alone = (copied / "report" / "index.html").read_text()
    write_full_report(str(copied), [runs[1]], None, Options())
    compared = (copied / "report" / "index.html").read_text()
    for name in SECTIONS:
        assert f'<section id="{name}"' in alone
        assert f'<section id="{name}"' in compared
    assert '<section id="comparison"' not in alone
    assert '<section id="comparison"' in compared


def test_no_text_leaves_questions_and_answers_out(copied, dataset):
    write_full_report(str(copied), [], None, Options(text=False))
    turns = read_parquet(str(copied / "turns" / "part-0.parquet")).to_pandas()
    written = data_text(copied)
    texts = pd.concat([turns["question"], turns["response"].dropna()]).unique()
    telling = [text for text in texts if len(text) > 12]  # "2." is in any data
    assert telling
    for text in telling:
        assert json.dumps(text)[1:-1] not in written
    assert '"verdict":"supported"' in written


def test_with_text_questions_are_there(copied):
    write_full_report(str(copied), [], None, Options())
    question = read_parquet(str(copied / "turns" / "part-0.parquet"))["question"][0].as_py()
    assert json.dumps(question)[1:-1] in data_text(copied)


def test_no_images_writes_none_and_removes_those_of_an_earlier_report(copied):
    write_full_report(str(copied), [], None, Options())
    assert list((copied / "report" / "images").glob("*.jpg"))
    write_full_report(str(copied), [], None, Options(images=False))
    assert not list((copied / "report" / "images").glob("*"))
    assert '"src":null' in data_text(copied)


def test_a_second_report_keeps_the_pictures_and_drops_stale_shards(copied):
    write_full_report(str(copied), [], None, Options())
    images = {f.name: f.stat().st_mtime_ns for f in (copied / "report" / "images").iterdir()}
    stale = copied / "report" / "data" / "shard-0999.js"
    stale.write_text("imcbench.receive('shard-0999', {});")
    write_full_report(str(copied), [], None, Options())
    again = {f.name: f.stat().st_mtime_ns for f in (copied / "report" / "images").iterdir()}
    assert images == again
    assert not stale.exists()


def test_suppression_leaves_no_number_of_a_small_group_and_no_dialogue(copied):
    write_full_report(str(copied), [], None, Options(suppress_small=True))
    scores = pd.concat(
        read_parquet(str(f)).to_pandas() for f in sorted((copied / "scores").glob("*.parquet"))
    )
    patients = scores.groupby("specialty")["patient_id"].nunique()
    small = set(patients[patients < 10].index)
    rows = read_json(str(copied / "report.json"))["summary"]
    hidden = {r["group"] for r in rows if r["group_kind"] == "specialty" and r["value"] is None}
    shown = {r["group"] for r in rows if r["group_kind"] == "specialty"} - hidden
    assert small
    assert small <= hidden
    assert shown
    for row in rows:
        if row["group"] in small:
            assert row["n_dialogues"] is None
            assert row["ci_low"] is None
    assert not list((copied / "report").glob("data/*"))


def test_one_small_group_takes_the_next_one_with_it(copied):
    write_full_report(str(copied), [], None, Options(suppress_small=True))
    rows = read_json(str(copied / "report.json"))["summary"]
    systems = {r["group"]: r["value"] for r in rows if r["group_kind"] == "health_system"}
    if len(systems) == 2:  # the total less the large one would give the small one away
        assert set(systems.values()) == {None}


def test_another_dataset_is_refused(copied, tmp_path):
    other = make_dataset(tmp_path / "other", 5)
    with pytest.raises(BadInput, match="its content differs"):
        write_full_report(str(copied), [], other, Options())


def test_a_folder_without_a_summary_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"summary\.parquet is missing"):
        write_full_report(str(tmp_path), [], None, Options())


def test_weights_of_a_new_reduction_are_the_reports_weights(copied):
    document = read_json(str(copied / "report.json"))
    document["weights"] = dict.fromkeys(METRICS, 0.25)
    (copied / "report.json").write_text(json.dumps(document))
    write_full_report(str(copied), [], None, Options(dialogues=False))
    assert read_json(str(copied / "report.json"))["weights"] == dict.fromkeys(METRICS, 0.25)


def test_images_of_credentialed_data_stay_out_unless_it_is_allowed(copied, tmp_path, monkeypatch):
    config = yaml.safe_load((copied / "config.yaml").read_text())
    dataset = tmp_path / "dataset"
    shutil.copytree(config["dataset"]["uri"], dataset)
    document = read_json(str(dataset / "dataset.json"))
    write_json(str(dataset / "dataset.json"), document | {"access": "credentialed"})
    images = copied / "report" / "images"
    write_full_report(str(copied), [], str(dataset), Options())
    assert not list(images.glob("*.jpg"))
    assert "Images were left out" in (copied / "report" / "dialogues.html").read_text()
    monkeypatch.setenv("IMCBENCH_ALLOW_REMOTE", document["name"])
    write_full_report(str(copied), [], str(dataset), Options())
    assert list(images.glob("*.jpg"))
