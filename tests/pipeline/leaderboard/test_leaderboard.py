import json
from dataclasses import asdict

import pyarrow as pa
import pytest

from actors.storage.files import read_json, read_parquet, write_parquet
from pipeline.cli import main
from pipeline.leaderboard.catalog import CATALOG_SCHEMA, enter, read_catalog
from pipeline.leaderboard.leaderboard import boards, leaderboard_document, leaderboard_markdown
from pipeline.leaderboard.published import NOTE, PUBLISHED
from pipeline.runs.directory import RunDirectory
from pipeline.runs.manifest import read_manifest
from pipeline.tables.schemas import SUMMARY_SCHEMA
from tests.pipeline.sweeps import copy_of, run_folder


@pytest.fixture
def catalogue(swept):
    return read_catalog(str(swept.output))


def changed(table: pa.Table, model: str, **values: object) -> pa.Table:
    """The rows with some columns of one model's replaced."""
    rows = [r | values if r["model"] == model else r for r in table.to_pylist()]
    return pa.Table.from_pylist(rows, schema=CATALOG_SCHEMA)


def test_a_finished_run_is_in_the_catalogue_with_every_row_of_its_summary(catalogue, swept):
    assert set(catalogue["model"].to_pylist()) == {"early", "final"}
    summary = read_parquet(str(run_folder(swept.output, "final") / "summary.parquet"))
    mine = [r for r in catalogue.to_pylist() if r["model"] == "final"]
    assert [{k: r[k] for k in SUMMARY_SCHEMA.names} for r in mine] == summary.to_pylist()


def test_entering_a_run_again_leaves_one_entry(swept, tmp_path):
    output = copy_of(swept.output, tmp_path / "runs")
    before = read_catalog(str(output))
    run = run_folder(output, "final")
    summary = read_parquet(str(run / "summary.parquet"))
    enter(str(output), read_manifest(RunDirectory(str(run))), summary)
    assert read_catalog(str(output)).equals(before)


def test_runs_are_ranked_by_their_overall_score_with_intervals(catalogue):
    (board,) = boards(catalogue)
    assert [(e.rank, e.model) for e in board.entries] == [(1, "final"), (2, "early")]
    overall = board.entries[0].values["overall"]
    assert overall.ci_low < overall.value < overall.ci_high


def test_equal_scores_share_a_rank_and_an_undefined_one_has_none(catalogue):
    rows = catalogue.to_pylist()
    again = [r | {"model": "again", "run_id": "0"} for r in rows if r["model"] == "final"]
    silent = [r | {"model": "silent", "value": None} for r in rows if r["model"] == "early"]
    table = pa.Table.from_pylist([*silent, *rows, *again], schema=CATALOG_SCHEMA)
    (board,) = boards(table)
    found = [(e.rank, e.model) for e in board.entries]
    assert found == [(1, "again"), (1, "final"), (3, "early"), (None, "silent")]


@pytest.mark.parametrize(
    "other",
    [
        {"content": "sha256:other"},
        {"limit": 20},
        {"dropped": 1},
        {"weights": "{}"},
        {"prompt": "v2"},
        {"sampling": "{}"},
        {"box_dialect": "none"},
        {"box_dialect": "molmo"},
    ],
)
def test_only_runs_that_were_asked_and_weighed_alike_share_a_board(catalogue, other):
    found = boards(changed(catalogue, "early", **other))
    assert sorted(e.model for b in found for e in b.entries) == ["early", "final"]
    assert [len(b.entries) for b in found] == [1, 1]


def test_boxes_of_several_dialects_share_a_board(catalogue):
    (board,) = boards(changed(catalogue, "early", box_dialect="qwen25"))
    assert board.regions == "boxes"


def test_patients_and_few_of_them_are_shown(catalogue):
    shown = leaderboard_markdown(boards(changed(catalogue, "early", flags=["few_clusters"])))
    early = next(line for line in shown.splitlines() if "| early |" in line)
    assert early.count("†") == 5
    document = leaderboard_document(boards(catalogue))
    assert all(e["n_clusters"] > 0 for e in document["boards"][0]["entries"])


def test_entries_of_earlier_versions_are_read(swept, tmp_path):
    output = copy_of(swept.output, tmp_path / "runs")
    for file in (output / "catalogue").glob("*.parquet"):
        write_parquet(str(file), read_parquet(str(file)).drop_columns(["flags", "n_clusters"]))
    (board,) = boards(read_catalog(str(output)))
    assert [e.n_clusters for e in board.entries] == [None, None]


def test_published_figures_stand_apart_and_are_marked(catalogue):
    found = boards(catalogue)
    own, published = leaderboard_markdown(found).split("## Published figures")
    assert not [p.name for p in PUBLISHED if p.name in own]
    assert NOTE in published
    assert "implied" in published
    document = json.loads(json.dumps(leaderboard_document(found), allow_nan=False))
    assert [e["model"] for e in document["boards"][0]["entries"]] == ["final", "early"]
    assert document["published"]["rows"] == [asdict(p) for p in PUBLISHED]


def test_implied_coherence_follows_from_the_published_figures():
    for one in PUBLISHED:
        if one.turn_accuracy is not None:
            overall = (
                0.30 * one.turn_accuracy
                + 0.25 * one.visual_consistency
                + 0.25 * one.implied_reasoning_coherence
                + 0.20 * (100 - one.hallucination_rate)
            )
            assert overall == pytest.approx(one.overall, abs=0.05)


def test_the_command_prints_and_writes_when_told(swept, tmp_path, capsys):
    output = copy_of(swept.output, tmp_path / "runs")
    assert main(["leaderboard", str(output)]) == 0
    assert not (output / "leaderboard.md").exists()
    printed = capsys.readouterr().out
    assert "NOT COMPARABLE" in printed
    assert main(["leaderboard", str(output), "--write"]) == 0
    assert "| 1 | final |" in (output / "leaderboard.md").read_text()
    assert len(read_json(str(output / "leaderboard.json"))["boards"]) == 1


def test_a_folder_without_runs_is_bad_input(tmp_path, capsys):
    assert main(["leaderboard", str(tmp_path)]) == 2
    assert "holds no finished run" in capsys.readouterr().err
