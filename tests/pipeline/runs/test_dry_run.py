"""``run --dry-run``: says what would be done, and leaves everything as it was."""

from pathlib import Path

import pytest

from actors.storage.files import list_files, remove
from conf.load import to_yaml
from pipeline.cli import main
from pipeline.generate.generate import generate
from pipeline.runs.dry_run import dry_run_text, look_ahead
from pipeline.runs.prepare import prepare

pytestmark = pytest.mark.usefixtures("ray_cluster")


def files(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_dry_run_writes_nothing(scripted, tmp_path):
    ahead = look_ahead(prepare(scripted(), dry=True))
    assert files(tmp_path) == {}
    assert (ahead.dialogues, ahead.todo_dialogues) == (40, 40)
    assert ahead.problem is None
    assert "engines        1 x (2 CPU, 0 GPU): can start" in dry_run_text(ahead)


def test_a_dry_run_names_the_directory_that_the_run_will_have(scripted):
    ahead = look_ahead(prepare(scripted("dataset.limit=2"), dry=True))
    assert prepare(scripted("dataset.limit=2")).directory.root == ahead.run


def test_a_dry_run_counts_what_is_left_and_keeps_broken_files(scripted, tmp_path):
    config = scripted("compute.dialogues_per_task=1", "dataset.limit=5")
    prepared = prepare(config)
    generate(prepared)
    run = prepared.directory
    whole = look_ahead(prepare(config, dry=True))
    assert (whole.dialogues, whole.todo_dialogues, whole.todo_turns) == (5, 0, 0)
    lost, *_ = list_files(run.turns, ".parquet")
    remove(lost)
    cut = Path(run.turns) / "cut.parquet"
    cut.write_bytes(b"PAR1")
    before = files(tmp_path)
    ahead = look_ahead(prepare(config, dry=True))
    assert files(tmp_path) == before
    assert ahead.broken == 1
    assert ahead.todo_dialogues > 0
    assert ahead.todo_turns >= ahead.todo_dialogues


def test_a_dry_run_fails_with_what_the_cluster_cannot_hold(scripted, tmp_path, capsys):
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(scripted("compute.cpus_per_actor=64")))
    assert main(["run", "--dry-run", "--config", str(path)]) == 2
    printed = capsys.readouterr()
    assert "asks for 0 GPU and 64 CPU" in printed.err
    assert "to do          40 dialogues, 252 turns" in printed.out
    assert main(["generate", "--dry-run", "--config", str(path), "compute.cpus_per_actor=1"]) == 0
