"""A whole run on object storage that fails now and then: dataset, turns, scores, report."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import ray

from actors.storage.files import exists, list_files, read_json
from actors.storage.filesystem import filesystem
from pipeline.dataset.open import open_dataset
from pipeline.phantom.build import build
from pipeline.run import evaluate
from pipeline.runs.directory import RunDirectory
from tests.conftest import scripted_config
from tests.faults import s3
from tests.faults.conftest import answered_keys, keys, observe
from tests.faults.proxy import KINDS
from tests.pipeline.finished_runs import assert_one_row_per_turn, summary_rows, turn_rows

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("ray_cluster")]
ROOT = Path(__file__).parents[2]
DIALOGUES = 12


def run_on_the_cluster(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line against the tests' cluster, whose workers get this environment too."""
    variables = {k: os.environ[k] for k in s3.environment("")}
    job = {"runtime_env": {"env_vars": variables}}
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "RAY_ADDRESS": ray.get_runtime_context().gcs_address,
            "RAY_JOB_CONFIG_JSON_ENV_VAR": json.dumps(job),
        },
        capture_output=True,
        text=True,
        timeout=280,
    )


def test_a_run_on_failing_object_storage_equals_one_on_disk(proxy, tmp_path):
    root = f"s3://{s3.BUCKET}/whole"
    drawn = ("--dialogues", str(DIALOGUES), "--seed", "7")
    built = run_on_the_cluster("dataset", "build-phantom", f"{root}/data", *drawn)
    assert built.returncode == 0, built.stdout + built.stderr
    build(str(tmp_path / "data"), dialogues=DIALOGUES, seed=7)
    small = ("model.script.error_rate=0.3", "compute.dialogues_per_task=1")
    on_disk = evaluate(scripted_config(tmp_path / "data", tmp_path / "runs", *small))
    proxy.fail(KINDS, every=9)
    done = run_on_the_cluster(
        *("run", "--config", "demo", f"dataset.uri={root}/data", f"output={root}/runs"),
        *("model.backend=scripted", "model.source=gold", "model.name=scripted"),
        *("scoring.resamples=200", *small),
    )
    faults, listings = sum(proxy.done.values()), proxy.listings()
    proxy.fail([])
    assert done.returncode == 0, done.stdout + done.stderr
    assert faults >= 5
    fingerprint = on_disk.root.rsplit("/", 1)[-1]
    run = RunDirectory.of(f"{root}/runs", "scripted", fingerprint)
    assert_one_row_per_turn(run, tmp_path / "data")
    assert summary_rows(run) == summary_rows(on_disk)
    assert (
        open_dataset(f"{root}/data").content_id == open_dataset(str(tmp_path / "data")).content_id
    )
    assert not exists(f"{run.root}/lease.json")
    # However many tasks there were, no folder was listed for each of them.
    assert max(listings.values()) < DIALOGUES, listings
    _assert_no_secret(run, done.stdout + done.stderr)
    rows = turn_rows(run).to_pylist()
    observe(
        f"object storage fails ({faults} requests)",
        keys(str(tmp_path / "data")),
        answered_keys(rows),
        recomputed=sum(p["turns"] for p in read_json(run.manifest)["passes"]) - len(rows),
        times=faults,
    )


def _assert_no_secret(run: RunDirectory, printed: str) -> None:
    fs, path = filesystem(run.root)
    texts = [printed, *(fs.cat_file(f).decode(errors="replace") for f in fs.find(path))]
    assert len(texts) > 5
    assert list_files(run.turns, ".parquet")
    for text in texts:
        assert s3.SECRET not in text
        assert "AKIACANARY" not in text


def test_storage_that_stays_down_ends_the_run_in_one_sentence(proxy, monkeypatch):
    monkeypatch.setenv("IMCBENCH_STORAGE_PATIENCE_S", "1")
    proxy.fail(["503"])
    done = run_on_the_cluster(
        *("run", "--config", "demo", f"dataset.uri=s3://{s3.BUCKET}/x", "model.backend=scripted")
    )
    assert done.returncode == 4
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("imcbench:")]
    assert "storage is down" in sentence
    assert "Traceback" not in done.stderr
