"""``run --dry-run``: says what would be done, and leaves everything as it was."""

from pathlib import Path

import pytest

from actors.storage.files import list_files, remove
from conf.load import to_yaml
from pipeline.cli import main
from pipeline.runs.dry_run import outlook, outlook_text
from pipeline.run import generate_turns
from pipeline.runs.prepare import prepare

pytestmark = pytest.mark.usefixtures("ray_cluster")


def files(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_dry_run_writes_nothing(scripted, tmp_path):
    seen = outlook(prepare(scripted(), dry=True))
    assert files(tmp_path) == {}
    assert (seen.dialogues, seen.todo_dialogues) == (40, 40)
    assert seen.problem is None
    assert "engines        1 x (2 CPU, 0 GPU): can start" in outlook_text(seen)


def test_a_dry_run_names_the_directory_that_the_run_will_have(scripted):
    seen = outlook(prepare(scripted("dataset.limit=2"), dry=True))
    assert prepare(scripted("dataset.limit=2")).run.root == seen.run


def test_a_dry_run_counts_what_is_left_and_keeps_broken_files(scripted, tmp_path):
    config = scripted("compute.dialogues_per_task=1", "dataset.limit=5")
    prepared = prepare(config)
    generate_turns(prepared)
    run = prepared.run
    whole = outlook(prepare(config, dry=True))
    assert (whole.dialogues, whole.todo_dialogues, whole.todo_turns) == (5, 0, 0)
    lost, *_ = list_files(run.turns, ".parquet")
    remove(lost)
    cut = Path(run.turns) / "cut.parquet"
    cut.write_bytes(b"PAR1")
    before = files(tmp_path)
    seen = outlook(prepare(config, dry=True))
    assert files(tmp_path) == before
    assert seen.broken == 1
    assert seen.todo_dialogues > 0
    assert seen.todo_turns >= seen.todo_dialogues


def test_a_dry_run_fails_with_what_the_cluster_cannot_hold(scripted, tmp_path, capsys):
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(scripted("compute.cpus_per_actor=64")))
    assert main(["run", "--dry-run", "--config", str(path)]) == 2
    printed = capsys.readouterr()
    assert "asks for 0 GPU and 64 CPU" in printed.err
    assert "to do          40 dialogues, 252 turns" in printed.out
    assert main(["generate", "--dry-run", "--config", str(path), "compute.cpus_per_actor=1"]) == 0
