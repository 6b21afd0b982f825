"""``imcbench gate`` as CI uses it: exit codes, files, what is said on stderr."""

import json
import socket
from xml.etree import ElementTree

import pytest
from s3fs import S3FileSystem

from pipeline.cli import main
from tests.pipeline.sweeps import copy_of, edit_manifest, run_folder


@pytest.fixture
def runs(swept, tmp_path):
    """Copies of a poor and a good run."""
    output = copy_of(swept.output, tmp_path / "runs")
    return run_folder(output, "early"), run_folder(output, "final")


def gate(baseline, candidate, *options):
    return main(
        [
            "gate",
            f"--baseline={baseline}",
            f"--candidate={candidate}",
            "--resamples=1500",
            *map(str, options),
        ]
    )


def test_a_better_candidate_passes_and_leaves_both_files(runs, capsys):
    early, final = runs
    assert gate(early, final) == 0
    printed = capsys.readouterr().out
    assert "pass: every overall comparison is shown non-inferior" in printed
    assert "candidate: 0 of " in printed
    told = json.loads((final / "gate.json").read_text())
    assert told["outcome"] == "pass"
    assert told["passes"] is True
    assert told["baseline"] == str(early)
    suite = ElementTree.parse(final / "gate.xml").getroot()
    assert suite.get("failures") == "0"
    assert int(suite.get("tests")) == len(told["comparisons"])


def test_a_worse_candidate_is_a_regression(runs, tmp_path):
    early, final = runs
    assert gate(final, early, f"--output={tmp_path / 'verdict'}") == 1
    suite = ElementTree.parse(tmp_path / "verdict" / "gate.xml").getroot()
    assert int(suite.get("failures")) >= 4
    assert not (early / "gate.json").exists()


def test_a_large_margin_tolerates_the_loss(runs):
    early, final = runs
    names = ("turn_accuracy", "visual_consistency", "reasoning_coherence", "hallucination_rate")
    assert gate(final, early, "--margin", *(f"{name}=1.0" for name in names)) == 0


def test_strict_stops_what_the_data_cannot_settle(runs):
    _, final = runs
    assert gate(final, final) == 0
    assert gate(final, final, "--strict") == 1


@pytest.mark.parametrize(
    ("section", "changed", "names"),
    [
        ("dataset", {"content": "sha256:0"}, "dataset is"),
        ("dataset", {"limit": 20}, "dataset.limit is None in the baseline, 20 in the candidate"),
        ("dataset", {"dropped": ["d1"]}, "dataset.dropped is"),
        ("protocol", {"prompt": "v2"}, "prompt is 'v1' in the baseline, 'v2' in the candidate"),
        ("protocol", {"box_dialect": "qwen"}, "box_dialect is"),
        ("protocol", {"sampling": {"seed": 1}}, "sampling.seed is 0 in the baseline, 1 in"),
    ],
)
def test_runs_of_another_dataset_or_protocol_are_refused(runs, section, changed, names, capsys):
    early, final = runs
    edit_manifest(final, section, **changed)
    assert gate(early, final) == 2
    said = capsys.readouterr().err
    assert names in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("option", ["--margin=turn_accuracy", "--margin=beauty=0.1", "--alpha=0.7"])
def test_a_bad_option_is_bad_input(runs, option, capsys):
    assert gate(*runs, option) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_run_that_is_not_there_is_bad_input(runs, tmp_path, capsys):
    assert gate(tmp_path / "nowhere", runs[1]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_broken_scores_are_bad_input(runs, capsys):
    early, final = runs
    file = next((final / "scores").iterdir())
    file.write_bytes(file.read_bytes()[:-10])
    assert gate(early, final) == 2
    assert str(final) in capsys.readouterr().err


@pytest.mark.parametrize("status", ["started", "generated"])
def test_a_run_that_was_not_finished_is_incomplete(runs, status, capsys):
    early, final = runs
    edit_manifest(final, "", status=status)
    assert gate(early, final) == 3
    assert f"status {status}" in capsys.readouterr().err


def test_a_run_that_lacks_turns_is_incomplete(runs, capsys):
    early, final = runs
    for file in (early / "turns").iterdir():
        file.unlink()
    assert gate(early, final) == 3
    assert "has rows for 0 of " in capsys.readouterr().err


def test_an_output_below_a_file_is_bad_input(runs, tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    assert gate(*runs, f"--output={tmp_path / 'file' / 'below'}") == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err


def test_storage_that_does_not_answer_is_infrastructure(runs, monkeypatch, capsys):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        monkeypatch.setenv("IMCBENCH_STORAGE_PATIENCE_S", "0")
        S3FileSystem.clear_instance_cache()
        assert gate(*runs, "--output=s3://bucket/gate") == 4
        S3FileSystem.clear_instance_cache()
    assert "storage is down" in capsys.readouterr().err


def test_scores_without_a_manifest_are_compared_by_their_dialogues_and_that_is_said(runs, capsys):
    early, final = runs
    (early / "manifest.json").unlink()
    assert gate(early, final) == 0
    printed = capsys.readouterr().out
    assert "no manifest in the baseline: only the dialogues were compared" in printed
