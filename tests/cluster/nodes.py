"""Ray nodes of their own for a test, each in a session of processes that ends with it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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


@contextlib.contextmanager
def started(
    arguments: list[str], log: Path, *, cpus: int = 1, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """``ray start`` of one node, stopped at the end."""
    command = [RAY, "start", "--block", f"--num-cpus={cpus}", "--node-ip-address=127.0.0.1"]
    command += ["--disable-usage-stats", f"--dashboard-agent-listen-port={free_port()}"]
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, *arguments],
            env=ENVIRONMENT | (environment or {}),
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(condition: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        assert process.poll() is None, "the node ended"
        if condition():
            return
        time.sleep(0.5)
    pytest.fail("waited two minutes in vain")
