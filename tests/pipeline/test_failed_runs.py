"""Runs of which too many turns failed: what they are not, and asking those turns again."""

import shutil
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from actors.storage.files import exists, list_files, read_json
from conf.errors import IncompleteRun, InfrastructureError
from conf.load import load
from conf.schema import METRICS
from conf.sweep import GateConfig, load_sweep
from pipeline.cli import main
from pipeline.leaderboard.catalog import read_catalog
from pipeline.nightly import gate_in_order
from pipeline.run import evaluate
from pipeline.runs.directory import RunDirectory
from pipeline.runs.failed_turns import take_out_failed
from pipeline.runs.lease import hold
from pipeline.runs.prepare import is_complete, prepare
from pipeline.runs.status import status
from pipeline.sweep.sweep import sweep
from tests.pipeline.finished_runs import summary_rows, turn_rows

pytestmark = pytest.mark.usefixtures("ray_cluster")

DIALOGUES = 6
FEW = (
    f"dataset.limit={DIALOGUES}",
    "compute.dialogues_per_task=1",
    "compute.tasks_per_actor=1",
    "compute.max_attempts=2",
)


@pytest.fixture(scope="session")
def whole(phantom, tmp_path_factory):
    """The same run without a failed turn; tests must not change it."""
    output = tmp_path_factory.mktemp("whole")
    return evaluate(load("demo", base(phantom, output, *FEW)))


@pytest.fixture
def killers(whole) -> list[str]:
    """Two dialogues."""
    return sorted(set(turn_rows(whole)["dialogue_id"].to_pylist()))[:2]


@pytest.fixture
def failing(scripted, killers, tmp_path):
    """A configuration under which two of the dialogues fail once, and questions are counted."""
    return scripted(
        *FEW,
        f"model.script.chaos_die_on='{','.join(killers)}'",
        "model.script.chaos_times=2",
        "model.script.chaos_count=1",
        f"model.script.chaos_folder={tmp_path / 'chaos'}",
    )


def base(dataset: Path, output: Path, *overrides: str) -> list[str]:
    return [
        f"dataset.uri={dataset}",
        f"output={output}",
        "model.backend=scripted",
        "model.source=gold",
        "model.name=scripted",
        "scoring.resamples=200",
        *overrides,
    ]


def asked(folder: Path) -> int:
    return (folder / "chaos" / "asked").stat().st_size


def answers(run: RunDirectory) -> dict[tuple[str, int], dict]:
    return {(row["dialogue_id"], row["turn"]): row for row in turn_rows(run).to_pylist()}


def failed_once(config) -> RunDirectory:
    with pytest.raises(IncompleteRun):
        evaluate(config)
    return prepare(config).directory


def test_a_run_of_which_too_much_failed_is_scored_and_refused(
    phantom, tmp_path, killers, whole, capsys
):
    die = f"model.script.chaos_die_on='{','.join(killers)}'"
    arguments = ["run", "--config", "demo", *base(phantom, tmp_path / "runs", *FEW, die)]
    assert main(arguments) == 3
    said = capsys.readouterr().err.splitlines()[-1]
    failed = sum(row["dialogue_id"] in killers for row in turn_rows(whole).to_pylist())
    total = turn_rows(whole).num_rows
    assert f"{failed} of {total} turns failed" in said
    assert "quarantined after … attempts" in said
    assert "--retry-failed" in said
    run = RunDirectory(str(next((tmp_path / "runs" / "scripted").iterdir())))
    manifest = read_json(run.manifest)
    assert manifest["status"] == "failed"
    assert not manifest.keys() & {"finished", "scored"}
    assert exists(run.summary)
    assert exists(run.report("json"))
    assert status(run).phase == "failed"
    assert read_catalog(str(tmp_path / "runs")).num_rows == 0
    assert main(["gate", "--baseline", whole.root, "--candidate", run.root]) == 3
    assert main(["gate", "--baseline", run.root, "--candidate", whole.root]) == 3


def test_the_share_that_may_fail_is_part_of_the_configuration(scripted, failing, killers, tmp_path):
    die = f"model.script.chaos_die_on='{killers[0]}'"
    run = evaluate(scripted(*FEW, die, "compute.max_failed_share=1"))
    assert read_json(run.manifest)["status"] == "complete"
    assert read_catalog(str(tmp_path / "runs")).num_rows
    strict = prepare(failing)
    assert strict.directory == run
    assert not is_complete(strict)
    with pytest.raises(IncompleteRun, match=r"max_failed_share=0\.05"):
        evaluate(failing)
    assert read_json(run.manifest)["status"] == "failed"
    assert read_catalog(str(tmp_path / "runs")).num_rows == 0


def test_failed_dialogues_are_asked_again_on_request_and_nothing_else_is(
    failing, killers, whole, tmp_path
):
    run = failed_once(failing)
    before, questions = answers(run), asked(tmp_path)
    failed_once(failing)
    assert asked(tmp_path) == questions, "nothing is asked again without the request"
    assert evaluate(failing, retry_failed=True) == run
    after = answers(run)
    again = {key for key in before if key[0] in killers}
    assert asked(tmp_path) - questions == len(again)
    assert after.keys() == before.keys()
    assert {key for key in after if after[key] != before[key]} == again
    assert summary_rows(run) == summary_rows(whole)
    manifest = read_json(run.manifest)
    assert manifest["status"] == "complete"
    assert manifest["passes"][-1]["dialogues"] == len(killers)
    assert read_catalog(str(tmp_path / "runs")).num_rows
    evaluate(failing, retry_failed=True)
    assert asked(tmp_path) - questions == len(again)


def test_a_process_that_is_killed_while_it_takes_rows_out_leaves_a_run_to_resume(
    scripted, killers, whole, tmp_path
):
    die = f"model.script.chaos_die_on='{','.join(killers)}'"
    run = evaluate(scripted(*FEW, die, "compute.max_failed_share=1"))
    split_by_dialogue(run)
    files = list_files(run.turns, ".parquet")
    shutil.copytree(run.turns, tmp_path / "before")
    assert take_out_failed(run) == len(killers)
    gone = sorted(set(files) - set(list_files(run.turns, ".parquet")))
    assert len(gone) == len(killers)
    # As if killed between the two files: one is there yet.
    shutil.copy(tmp_path / "before" / Path(gone[1]).name, gone[1])
    healthy = scripted(*FEW)
    assert read_json(run.manifest)["status"] == "started"
    assert not is_complete(prepare(healthy))
    with pytest.raises(IncompleteRun):
        evaluate(healthy)
    assert turn_rows(run).num_rows == turn_rows(whole).num_rows
    assert evaluate(healthy, retry_failed=True) == run
    assert summary_rows(run) == summary_rows(whole)


def split_by_dialogue(run: RunDirectory) -> None:
    """Write the turn outputs again as one file per dialogue."""
    rows = turn_rows(run)
    shutil.rmtree(run.turns)
    Path(run.turns).mkdir()
    for name in sorted(set(rows["dialogue_id"].to_pylist())):
        part = rows.filter(pc.equal(rows["dialogue_id"], name))
        pq.write_table(part, f"{run.turns}/part-{name}.parquet")


def test_no_rows_are_taken_out_of_a_run_that_another_process_generates(scripted, killers, tmp_path):
    die = f"model.script.chaos_die_on='{killers[0]}'"
    run = evaluate(scripted(*FEW, die, "compute.max_failed_share=1"))
    before = answers(run)
    with hold(run.root), pytest.raises(InfrastructureError, match="is being generated by process"):
        evaluate(scripted(*FEW), retry_failed=True)
    assert answers(run) == before


def test_a_dry_run_asks_nothing_again(phantom, tmp_path, capsys):
    arguments = base(phantom, tmp_path, "--dry-run", "--retry-failed")
    assert main(["run", "--config", "demo", *arguments]) == 2
    assert "--retry-failed" in capsys.readouterr().err


def test_a_night_never_takes_a_failed_run_as_its_baseline(phantom, tmp_path, killers):
    die = f"{{error_rate: 0.0, chaos_die_on: '{','.join(killers)}'}}"
    entries = f"[{{name: bad, source: gold, script: {die}}}, {{name: good, source: gold}}]"
    overrides = [
        f"dataset.uri={phantom}",
        f"output={tmp_path / 'runs'}",
        "model.backend=scripted",
        "scoring.resamples=200",
        *FEW,
        f"sweep.checkpoints={entries}",
    ]
    rows = sweep(load_sweep("nightly", overrides))
    assert [row.status for row in rows] == ["failed", "complete"]
    assert "turns failed" in (rows[0].reason or "")
    settings = GateConfig(margins=dict.fromkeys(METRICS, 0.02), resamples=1500)
    outcomes = gate_in_order(rows, str(tmp_path / "runs"), settings, lambda name, gated: None)
    assert [o.outcome for o in outcomes] == ["failed", "first"]
    accepted = read_json(str(tmp_path / "runs" / "baseline.json"))["accepted"]
    assert accepted == {"default": rows[1].run}
