"""A run that is killed or interrupted, then run again: real processes, real signals."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from actors.storage.files import list_files, read_json, read_parquet
from conf.load import to_yaml
from pipeline.run import evaluate
from pipeline.runs.prepare import prepare
from tests.pipeline.finished_runs import assert_one_row_per_turn, summary_rows

pytestmark = pytest.mark.usefixtures("ray_cluster")
ROOT = Path(__file__).parents[2]
SLOWLY = (
    "model.script.error_rate=0.3",
    "model.script.delay_s=0.2",
    "compute.dialogues_per_task=2",
    "compute.tasks_per_actor=2",
)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 130)]
)
def test_an_interrupted_run_resumes_where_it_was(
    number, code, scripted, answered, phantom, tmp_path
):
    config = scripted(*SLOWLY)
    run = prepare(config).directory
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(config))
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "run", "--config", str(path)],
        cwd=ROOT,
        env={**os.environ, "RAY_ADDRESS": "local"},
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background lets its children ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        while not list_files(run.turns, ".parquet"):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        process.send_signal(number)
        printed = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert process.returncode == code
    assert "Traceback" not in printed
    kept = {f: Path(f).read_bytes() for f in list_files(run.turns, ".parquet")}
    finished = {i for f in kept for i in read_parquet(f)["dialogue_id"].to_pylist()}
    fast = scripted(*SLOWLY, "model.script.delay_s=0")
    assert evaluate(fast) == run
    assert_one_row_per_turn(run, phantom)
    assert {f: Path(f).read_bytes() for f in kept} == kept
    asked = prepare(fast).dialogues.num_rows
    assert 0 < len(finished) < asked
    assert read_json(run.manifest)["passes"][-1]["dialogues"] == asked - len(finished)
    assert summary_rows(run) == summary_rows(answered)
