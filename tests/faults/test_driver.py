"""The driver killed again and again, and a disk that is full: real processes, a real filesystem."""

import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from actors.storage.files import list_files, read_parquet
from conf.load import to_yaml
from pipeline.cli import main
from pipeline.run import evaluate
from pipeline.runs.prepare import prepare
from tests.pipeline.finished_runs import summary_rows

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("ray_cluster")]
KILLS = 20
SLOWLY = (
    "model.script.error_rate=0.3",
    "model.script.delay_s=0.3",
    "compute.dialogues_per_task=2",
    "compute.tasks_per_actor=2",
)


def drive(config: str, address: str, log: str) -> None:
    """Run the command line in a process of its own, on a cluster that is there."""
    os.environ["RAY_ADDRESS"] = address
    out = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    raise SystemExit(main(["run", "--config", config]))


@pytest.mark.timeout(2400)
def test_a_driver_killed_twenty_times_loses_and_doubles_no_row(
    scripted, counting, tmp_path, answered, nothing_lost
):
    config = scripted(*SLOWLY, *counting.overrides)
    run = prepare(config).directory
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(config))
    # Children of a server that has imported everything: most of a short life is not spent on that.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipeline.cli", "ray.data"])
    address = ray.get_runtime_context().gcs_address
    log = str(tmp_path / "log")
    rng = random.Random(20)
    kept: dict[str, bytes] = {}
    for _ in range(KILLS):
        process = context.Process(target=drive, args=(str(path), address, log))
        process.start()
        _wait(rng, process, run.turns, len(kept))
        os.kill(process.pid, signal.SIGKILL)
        process.join(60)
        assert process.exitcode in (-9, 0), Path(log).read_text()
        now = {f: Path(f).read_bytes() for f in list_files(run.turns, ".parquet")}
        assert {f: now[f] for f in kept} == kept
        kept = now
    finished = sum(read_parquet(f).num_rows for f in kept)
    fast = scripted(*SLOWLY, *counting.overrides, "model.script.delay_s=0")
    assert evaluate(fast) == run
    fault = f"SIGKILL of the driver ({finished} turns were kept)"
    nothing_lost(run, fault, recomputed=counting.again(), times=KILLS)


def _wait(rng: random.Random, process, turns: str, files: int) -> None:
    """Wait for a moment: at any time of the start, or soon after new answers were written."""
    early = rng.random() < 0.3
    deadline = time.monotonic() + (rng.uniform(0.0, 3.0) if early else 120.0)
    while time.monotonic() < deadline and process.is_alive():
        if not early and len(list_files(turns, ".parquet")) > files:
            time.sleep(rng.uniform(0.0, 0.5))
            return
        time.sleep(0.02)


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Mount a filesystem of that size; skips where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no filesystem can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("room", [0, 24_000], ids=["no room", "room for some"])
def test_a_full_disk_is_one_sentence_and_the_run_resumes(
    room, scripted, counting, tmp_path, answered, nothing_lost, capsys
):
    disk = tmp_path / "disk"
    with small_disk(disk, 2):
        config = scripted(
            "model.script.error_rate=0.3", *counting.overrides, f"output={disk / 'runs'}"
        )
        path = tmp_path / "config.yaml"
        path.write_text(to_yaml(config))
        run = prepare(config).directory
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(disk).free - room))
        assert main(["run", "--config", str(path)]) == 4
        said = capsys.readouterr().err.splitlines()[-1]
        assert said.startswith("imcbench: ")
        assert "cannot be written: No space left on device" in said
        left = [p for p in disk.rglob("*") if p.name.endswith(".partial")]
        assert not left
        kept = {f: Path(f).read_bytes() for f in list_files(run.turns, ".parquet")}
        for file in kept:
            read_parquet(file)
        ballast.unlink()
        assert main(["run", "--config", str(path)]) == 0
        assert {f: Path(f).read_bytes() for f in kept} == kept
        nothing_lost(run, f"disk full ({room} bytes free)", recomputed=counting.again())
        assert summary_rows(run) == summary_rows(answered)
