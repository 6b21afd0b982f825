"""Runs side by side: each a process of its own, all on the cluster that this one is connected to.

In: a prepared run. Out: its files; its progress on this program's stderr. Threads would not do: an
interrupted one cannot be ended in order, and a driver that dies would take the others with it.
"""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import ray

from conf.errors import BadInput, InfrastructureError
from conf.load import to_yaml
from pipeline.runs.run import Run

_SENTENCE = "imcbench: "  # how the command line begins its one sentence
_GRACE_S = 60.0  # an interrupted run writes what it has and stops its engine; seconds, usually


class RunProcesses:
    """A context manager; processes that still run at its end are terminated and waited for."""

    def __init__(self) -> None:
        address = ray.get_runtime_context().gcs_address
        self._environment = {**os.environ, "RAY_ADDRESS": address}
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._ended = False

    def __enter__(self) -> "RunProcesses":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._ended = True
            running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()

    def carry_out(self, run: Run) -> None:
        """Do what is left of a run, as ``pipeline.run.carry_out`` does; call it in any thread.

        Raises:
            BadInput: the run's own sentence, where its exit code is 2.
            InfrastructureError: the same for any other code but 0.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "config.yaml")
            path.write_text(to_yaml(run.config))
            process = self._start(str(path))
            try:
                sentence = _follow(process)
                code = process.wait()
            finally:
                with self._lock:
                    self._running.discard(process)
        if code:
            kind = BadInput if code == BadInput.exit_code else InfrastructureError
            raise kind(sentence or f"the run ended with code {code}")

    def _start(self, config: str) -> subprocess.Popen[str]:
        with self._lock:
            if self._ended:
                raise InfrastructureError("interrupted before the run began")
            process = subprocess.Popen(
                [sys.executable, "-m", "pipeline", "run", "--config", config, "--no-page"],
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                # Ctrl-C reaches this program alone, which then ends its runs once, in order.
                start_new_session=True,
            )
            self._running.add(process)
        return process


def _follow(process: "subprocess.Popen[str]") -> str:
    """Pass on what a run tells on stderr and give its one sentence of failure, if it had one."""
    sentence = ""
    for line in process.stderr or ():
        if line.startswith(_SENTENCE):
            sentence = line.removeprefix(_SENTENCE).strip()
        else:
            print(line, end="", file=sys.stderr, flush=True)
    return sentence
