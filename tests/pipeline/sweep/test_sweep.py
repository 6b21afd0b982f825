"""Sweeps over scripted checkpoints: real runs, real files."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from actors.storage.files import join, list_files, match_folders, read_json, write_bytes
from conf.errors import BadInput, InfrastructureError
from conf.sweep import plan
from pipeline.cluster.resources import side_by_side
from pipeline.generate.run_pass import finished_dialogues
from pipeline.runs.directory import RunDirectory
from pipeline.runs.prepare import is_complete, prepare
from pipeline.sweep.processes import RunProcesses
from pipeline.sweep.sweep import sweep
from tests.pipeline.finished_runs import assert_one_row_per_turn
from tests.pipeline.sweeps import copy_of, run_folder, sweep_of

pytestmark = pytest.mark.usefixtures("ray_cluster")


def test_a_checkpoint_that_fails_does_not_stop_the_others_and_stays_in_the_table(swept, phantom):
    assert [(r.name, r.status) for r in swept.rows] == [
        ("early", "complete"),
        ("gone", "failed"),
        ("final", "complete"),
    ]
    early, gone, final = swept.rows
    assert "./nowhere/gone" in gone.reason
    assert final.values["overall"] > early.values["overall"]
    assert final.values["hallucination_rate"] < early.values["hallucination_rate"]
    for row in (early, final):
        assert_one_row_per_turn(RunDirectory(str(swept.output / row.run)), phantom)
    told = json.loads((swept.output / "sweep.json").read_text())["runs"]
    assert [line["reason"] for line in told] == [None, gone.reason, None]


def test_a_sweep_resumes_side_by_side_and_does_only_what_is_missing(swept, phantom, tmp_path):
    output = copy_of(swept.output, tmp_path / "runs")
    before = {f: f.stat().st_mtime_ns for f in output.rglob("*.parquet")}
    names = ("early", "middle", "final")
    rows = sweep(sweep_of(phantom, output, names, "sweep.parallel=2"))
    assert [(r.name, r.status, r.resumed) for r in rows] == [
        ("early", "complete", True),
        ("middle", "complete", False),
        ("final", "complete", True),
    ]
    assert {f: f.stat().st_mtime_ns for f in before} == before
    values = [r.values["overall"] for r in rows]
    assert values == sorted(values)
    assert len(list((output / "catalogue").iterdir())) == 3


def test_a_complete_run_is_so_only_for_the_scoring_it_was_done_with(swept, phantom, tmp_path):
    output = copy_of(swept.output, tmp_path / "runs")
    (planned,) = plan(sweep_of(phantom, output, ("final",)), ())
    assert is_complete(prepare(planned.config))
    other = replace(planned.config, scoring=replace(planned.config.scoring, resamples=10))
    assert not is_complete(prepare(other))


def test_a_manifest_says_complete_and_what_two_runs_must_share(swept):
    manifest = read_json(str(run_folder(swept.output, "early") / "manifest.json"))
    assert manifest["status"] == "complete"
    assert manifest["finished"] >= manifest["started"]
    assert manifest["dataset"]["limit"] is None
    assert manifest["protocol"]["sampling"]["max_tokens"] > 0


def test_a_dataset_that_cannot_be_used_stops_the_sweep_before_any_run(tmp_path):
    config = sweep_of(tmp_path / "nowhere", tmp_path / "runs", ("early", "final"))
    with pytest.raises(BadInput, match="nowhere"):
        sweep(config)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("kind", ["local", "memory"])
def test_a_glob_lists_folders_with_numbers_in_order(kind, tmp_path):
    root = str(tmp_path) if kind == "local" else f"memory://{tmp_path.name}"
    for name in ("step-100/config.json", "step-9/config.json", "step-20/config.json", "step-1"):
        write_bytes(join(root, name), b"{}")
    expected = [join(root, name) for name in ("step-9", "step-20", "step-100")]
    found = match_folders(join(root, "step-*"))
    assert [f.replace(":///", "://") for f in found] == expected
    assert all(list_files(folder, ".json") for folder in found)


def test_engines_side_by_side_share_the_cpus_unless_told_otherwise(scripted):
    compute = scripted("compute.actors=1").compute
    assert side_by_side(compute, 2).cpus_per_actor == 1.0
    told = scripted("compute.cpus_per_actor=0.5").compute
    assert side_by_side(told, 2) == told


def test_runs_in_progress_end_in_order_with_the_sweep(scripted):
    slow = prepare(scripted("model.script.delay_s=0.3", "compute.tasks_per_actor=1"))
    with ThreadPoolExecutor(1) as pool:
        with RunProcesses() as processes:
            result = pool.submit(processes.carry_out, slow)
            written = threading.Event()
            while not written.wait(0.05) and not result.done():
                if list_files(slow.directory.turns, ".parquet"):
                    written.set()
        with pytest.raises(InfrastructureError, match="interrupted; what was finished is kept"):
            result.result()
    finished = finished_dialogues(slow.directory)
    assert 0 < len(finished) < slow.dialogues.num_rows
