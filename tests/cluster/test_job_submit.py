"""``ray job submit`` to a real Ray head: exit codes and files."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.storage import RunDirectory
from tests.pipeline.runs import assert_one_row_per_turn, value

ROOT = Path(__file__).parents[2]
RAY = str(Path(sys.executable).with_name("ray"))
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    "RAY_AUTH_MODE": "disabled",
}
ENVIRONMENT.pop("RAY_ADDRESS", None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Ray head of its own, in a session of processes that ends with it; its job address."""
    port, dashboard = free_port(), free_port()
    command = [RAY, "start", "--head", "--block", f"--port={port}", "--num-cpus=2"]
    command += ["--node-ip-address=127.0.0.1", "--include-dashboard=true"]
    command += ["--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}"]
    command += [f"--ray-client-server-port={free_port()}", "--disable-usage-stats"]
    command += [f"--dashboard-agent-listen-port={free_port()}"]
    log = tmp_path_factory.mktemp("head") / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, env=ENVIRONMENT, stdout=out, stderr=out, start_new_session=True
        )
    address = f"http://127.0.0.1:{dashboard}"
    try:
        for _ in range(240):
            assert process.poll() is None, log.read_text()
            try:
                urllib.request.urlopen(f"{address}/api/jobs/", timeout=5)
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail(f"no job server: {log.read_text()}")
        yield address
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def submit(head: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RAY, "job", "submit", f"--address={head}", "--working-dir=.", "--"]  # noqa: RUF005
        + ["python", "-m", "pipeline", "run", "--config", "conf/demo.yaml", *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_a_submitted_job_leaves_a_whole_run(head, phantom, tmp_path):
    done = submit(
        head,
        f"dataset.uri={phantom}",
        f"output={tmp_path}",
        "model.backend=scripted",
        "model.source=gold",
        "model.name=job",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "turns 252/252" in done.stdout + done.stderr
    (root,) = (tmp_path / "job").iterdir()
    run = RunDirectory(str(root))
    assert_one_row_per_turn(run, phantom)
    assert value(run, "overall") == 1.0


def test_a_job_with_bad_input_fails_and_says_why(head, tmp_path):
    done = submit(head, f"dataset.uri={tmp_path / 'nowhere'}", f"output={tmp_path}")
    assert done.returncode != 0
    assert "nowhere/dataset.json is missing" in done.stdout + done.stderr
    assert "exit code 2" in done.stdout + done.stderr
