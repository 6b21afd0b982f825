"""A machine of the cluster lost, and an object store that is full."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conf.load import to_yaml
from pipeline.runs.prepare import prepare

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("ray_cluster")]
ROOT = Path(__file__).parents[2]
SLOWLY = (
    "model.script.error_rate=0.3",
    "model.script.delay_s=0.3",
    "compute.dialogues_per_task=2",
    "compute.tasks_per_actor=2",
    "compute.cpus_per_actor=1",
)


def on_nodes(config, what: str, tmp_path: Path) -> str:
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(config))
    environment = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.cluster_of_nodes", str(path), what],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_worker_node_dies_and_a_new_one_takes_its_work(
    scripted, counting, tmp_path, nothing_lost
):
    # Slow enough that the one actor left cannot do it all before the new node has started one.
    config = scripted(*SLOWLY, *counting.overrides, "model.script.delay_s=1.0", "compute.actors=2")
    run = prepare(config).directory
    printed = on_nodes(config, "kill", tmp_path)
    told = dict(re.findall(r"^(killed|joined|answered) (?:on )?(.+)$", printed, re.MULTILINE))
    assert told["killed"] != told["joined"]
    assert told["joined"] in told["answered"]
    nothing_lost(run, "SIGKILL of a worker node", recomputed=counting.again())


def test_a_full_object_store_loses_nothing(scripted, tmp_path, nothing_lost):
    config = scripted(*SLOWLY, "model.script.delay_s=0")
    on_nodes(config, "fill", tmp_path)
    nothing_lost(prepare(config).directory, "object store full (70 of 80 MB pinned)")
