"""``ray job submit`` to a real cluster of two nodes: exit codes, files, stop and resume."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actors.storage.files import list_files, read_json
from pipeline.runs.directory import RunDirectory
from pipeline.runs.status import status
from tests.cluster.nodes import ENVIRONMENT, RAY, ROOT, free_port, started, wait_for
from tests.pipeline.finished_runs import assert_one_row_per_turn, value


@dataclass(frozen=True)
class Cluster:
    """Two nodes of one CPU each; the addresses of its job server and of its head."""

    jobs: str
    address: str


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Ray head and a worker node, each in a session of processes that ends with it."""
    logs = tmp_path_factory.mktemp("nodes")
    port, dashboard = free_port(), free_port()
    head = ["--head", f"--port={port}", "--include-dashboard=true", "--dashboard-host=127.0.0.1"]
    head += [f"--dashboard-port={dashboard}", f"--ray-client-server-port={free_port()}"]
    with started(head, logs / "head") as process:
        jobs = f"http://127.0.0.1:{dashboard}"
        wait_for(lambda: answers(f"{jobs}/api/jobs/") is not None, process)
        with started([f"--address=127.0.0.1:{port}"], logs / "worker") as worker:
            wait_for(lambda: alive_nodes(jobs) == 2, worker)
            yield Cluster(jobs=jobs, address=f"127.0.0.1:{port}")


def answers(url: str) -> Any:
    """The JSON at an URL; None while nobody answers."""
    try:
        return json.load(urllib.request.urlopen(url, timeout=5))
    except OSError:
        return None


def alive_nodes(jobs: str) -> int:
    found = answers(f"{jobs}/api/v0/nodes")
    return len([n for n in rows(found) if n["state"] == "ALIVE"]) if found else 0


def rows(answer: Any) -> list[dict[str, Any]]:
    """The rows of a state API's answer."""
    return answer["data"]["result"]["result"]


def submit(
    cluster: Cluster, *arguments: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(RAY, "job", "submit", f"--address={cluster.jobs}", "--working-dir=.", *options, "--"),
            *("python", "-m", "pipeline", "run", "--config", "conf/demo.yaml", *arguments),
        ],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=240,
    )


def scripted_job(phantom: Path, output: Path) -> list[str]:
    return [
        f"dataset.uri={phantom}",
        f"output={output}",
        "model.backend=scripted",
        "model.source=gold",
        "model.name=job",
    ]


def the_run(output: Path) -> RunDirectory:
    (root,) = (output / "job").iterdir()
    return RunDirectory(str(root))


def test_a_submitted_job_spreads_over_the_nodes_and_leaves_a_whole_run(cluster, phantom, tmp_path):
    done = submit(cluster, *scripted_job(phantom, tmp_path), "compute.actors=2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "turns 252/252" in done.stdout + done.stderr
    run = the_run(tmp_path)
    assert_one_row_per_turn(run, phantom)
    assert value(run, "overall") == 1.0
    actors = rows(answers(f"{cluster.jobs}/api/v0/actors?detail=true"))
    engines = [
        a for a in actors if "DialogueActor" in (a["name"] + a["repr_name"] + a["class_name"])
    ]
    assert len({a["node_id"] for a in engines}) == 2, actors


def test_a_stopped_job_resumes_when_it_is_submitted_again(cluster, phantom, tmp_path):
    arguments = scripted_job(phantom, tmp_path)
    slowly = [
        "model.script.delay_s=0.2",
        "compute.dialogues_per_task=1",
        "compute.tasks_per_actor=2",
    ]
    sent = submit(cluster, *arguments, *slowly, options=("--no-wait", "--submission-id=slow"))
    assert sent.returncode == 0, sent.stdout + sent.stderr

    def state() -> str:
        return str(answers(f"{cluster.jobs}/api/jobs/slow")["status"])

    for _ in range(240):
        assert state() in ("PENDING", "RUNNING")
        if list(tmp_path.glob("job/*/turns/*.parquet")):
            break
        time.sleep(0.5)
    half = status(the_run(tmp_path))
    assert half.phase == "generating"
    assert half.turns.asked == 252
    stop = [RAY, "job", "stop", f"--address={cluster.jobs}", "slow"]
    subprocess.run(stop, env=ENVIRONMENT, check=True, capture_output=True, timeout=120)
    assert state() == "STOPPED"
    run = the_run(tmp_path)
    kept = {f: Path(f).read_bytes() for f in list_files(run.turns, ".parquet")}
    there = status(run).dialogues.done
    assert 0 < there < 40
    again = submit(cluster, *arguments)
    assert again.returncode == 0, again.stdout + again.stderr
    assert_one_row_per_turn(run, phantom)
    assert {f: Path(f).read_bytes() for f in kept} == kept
    assert read_json(run.manifest)["passes"][-1]["dialogues"] == 40 - there
    assert status(run).phase == "done"


def test_a_job_that_no_node_can_hold_fails_and_says_why(cluster, phantom, tmp_path):
    done = submit(cluster, *scripted_job(phantom, tmp_path), "compute.cpus_per_actor=2")
    assert done.returncode != 0
    assert "no node is that large: the cluster is 2 x (1 CPU, 0 GPU)" in done.stdout + done.stderr


def test_a_job_with_bad_input_fails_and_says_why(cluster, tmp_path):
    done = submit(cluster, f"dataset.uri={tmp_path / 'nowhere'}", f"output={tmp_path}")
    assert done.returncode != 0
    assert "nowhere/dataset.json is missing" in done.stdout + done.stderr
    assert "exit code 2" in done.stdout + done.stderr
