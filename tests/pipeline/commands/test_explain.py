"""``imcbench explain`` on a finished run."""

import shutil
from pathlib import Path

import pytest

from actors.storage.files import list_files, read_parquet
from pipeline import cli
from pipeline.runs.directory import RunDirectory


@pytest.fixture
def first(answered: RunDirectory) -> str:
    return read_parquet(list_files(answered.turns, ".parquet")[0])["dialogue_id"][0].as_py()


def test_a_dialogue_of_a_run_is_told_with_its_four_measures(answered, first, capsys):
    assert cli.main(["explain", answered.root, first]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{first}: ")
    for part in ("question", "gold", "claim", "turn_accuracy:", "hallucination_rate:"):
        assert part in told


def test_an_unknown_dialogue_is_named(answered, capsys):
    assert cli.main(["explain", answered.root, "no-such"]) == 2
    assert "asked no dialogue 'no-such'" in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_named(tmp_path, capsys):
    assert cli.main(["explain", str(tmp_path), "d"]) == 2
    assert "is not a run directory" in capsys.readouterr().err


def test_a_dataset_that_has_changed_since_is_refused(answered, first, tmp_path, capsys):
    run = shutil.copytree(answered.root, tmp_path / "run")
    manifest = Path(run) / "manifest.json"
    manifest.write_text(manifest.read_text().replace("sha256:", "sha256:0"))
    assert cli.main(["explain", str(run), first]) == 2
    assert "has changed" in capsys.readouterr().err
