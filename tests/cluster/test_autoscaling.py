"""A head without CPUs and an autoscaler: Ray's own, with its provider of local nodes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.nodes import ENVIRONMENT, RAY, ROOT, free_port, started, wait_for


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster that may add one node of two CPUs."""
    folder = tmp_path_factory.mktemp("autoscaling")
    port = free_port()
    config = folder / "launcher.yaml"
    config.write_text(yaml.safe_dump(launcher(port)))
    head = ["--head", f"--port={port}", "--include-dashboard=false"]
    head += [f"--ray-client-server-port={free_port()}", f"--autoscaling-config={config}"]
    own = {"AUTOSCALER_UPDATE_INTERVAL_S": "1", "RAY_FAKE_CLUSTER": "1"}
    with started(head, folder / "head", cpus=0, environment=own) as process:
        health = [RAY, "health-check", f"--address=127.0.0.1:{port}"]
        wait_for(lambda: not subprocess.run(health, env=ENVIRONMENT).returncode, process)
        yield f"127.0.0.1:{port}"


def launcher(port: int) -> dict[str, object]:
    """What the launcher hands to the head, with Ray's provider of fake nodes."""
    provider = {"type": "fake_multinode", "module": None, "gcs_address": f"127.0.0.1:{port}"}
    worker = {"resources": {"CPU": 2}, "node_config": {}, "min_workers": 0, "max_workers": 1}
    head = {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0}
    empty: dict[str, list[str] | dict[str, str]] = {
        key: []
        for key in ("cluster_synced_files", "rsync_exclude", "rsync_filter", "setup_commands")
    }
    return {
        "cluster_name": "fake",
        "max_workers": 1,
        "upscaling_speed": 1.0,
        "idle_timeout_minutes": 5,
        "docker": {},
        "provider": provider,
        "auth": {},
        "available_node_types": {"ray.head.default": head, "cpu": worker},
        "head_node_type": "ray.head.default",
        "file_mounts": {},
        "file_mounts_sync_continuously": False,
        "initialization_commands": [],
        "head_setup_commands": [],
        "worker_setup_commands": [],
        "head_start_ray_commands": [],
        "worker_start_ray_commands": [],
        **empty,
    }


def run(address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", "run", "--config", "demo", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=ENVIRONMENT | {"RAY_ADDRESS": address},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_a_run_waits_for_nodes_that_come_and_not_for_others(address, phantom, tmp_path):
    job = [f"dataset.uri={phantom}", f"output={tmp_path}", "model.backend=scripted"]
    job += ["model.source=gold", "model.name=job"]
    never = run(address, *job, "compute.cpus_per_actor=3")
    assert never.returncode == 2
    assert "no node is that large" in never.stderr
    assert "grows up to cpu: 1 x (2 CPU, 0 GPU), 1 workers in all" in never.stderr
    done = run(address, *job, "compute.cpus_per_actor=2")
    assert done.returncode == 0, done.stderr
    (manifest,) = Path(tmp_path).glob("job/*/manifest.json")
    (only,) = json.loads(manifest.read_text())["passes"]
    assert only["engines"] == {"cpus": 2.0, "gpus": 0.0, "actors": 1}
