"""cluster.yaml and the RayJob: accepted by Ray's own launcher, and what its schema does not say."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from benchmarks.plan_table import table
from pipeline.cluster.capacity import Capacity, launcher_capacity

ROOT = Path(__file__).parents[2]
LOCK = dict(
    line.split("==")
    for line in (ROOT / "requirements/gpu.lock").read_text().split()
    if "==" in line
)
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture(scope="module")
def launcher() -> dict[str, Any]:
    """cluster.yaml as the launcher completes it."""
    return prepare_config(yaml.safe_load((ROOT / "cluster.yaml").read_text()))


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "deploy/rayjob.yaml").read_text())


def grown(launcher: dict[str, Any]) -> Capacity:
    return launcher_capacity((), launcher, "cluster.yaml")


def test_the_launcher_accepts_cluster_yaml(launcher):
    validate_config(launcher)


def test_the_launchers_schema_is_looked_at_at_all(launcher):
    with pytest.raises(Exception, match="'many' is not of type 'integer'"):
        validate_config({**launcher, "max_workers": "many"})


def test_nothing_of_a_run_is_scheduled_on_the_head(launcher):
    head = launcher["available_node_types"][launcher["head_node_type"]]
    assert head["resources"] == {"CPU": 0}
    assert head["max_workers"] == 0
    assert "--num-cpus=0" in " ".join(launcher["head_start_ray_commands"])


def test_gpu_workers_are_spot_and_nothing_else_is(launcher):
    for name, kind in launcher["available_node_types"].items():
        market = kind["node_config"].get("InstanceMarketOptions", {}).get("MarketType")
        assert (market == "spot") == (kind["resources"].get("GPU", 0) > 0), name


def test_every_worker_type_can_come_and_go(launcher):
    for name, kind in launcher["available_node_types"].items():
        assert 0 <= kind["min_workers"] <= kind["max_workers"] <= launcher["max_workers"], name
        if name != launcher["head_node_type"]:
            assert kind["min_workers"] == 0 < kind["max_workers"], name
    assert 0 < launcher["idle_timeout_minutes"] < 60


def test_all_nodes_install_exactly_the_lock(launcher):
    (mounted,) = launcher["file_mounts"].values()
    assert (ROOT / mounted).resolve() == ROOT / "requirements/gpu.lock"
    commands = [*launcher["head_setup_commands"], *launcher["worker_setup_commands"]]
    installs = [c for c in commands if "pip install" in c]
    assert installs
    for command in installs:
        assert "--no-deps -r" in command or "-c" in command.split()
        assert "gpu.lock" in command
    assert not [c for c in commands if re.search(r"(ray|vllm|torch)[=\[@]", c)]
    assert all("--python 3.11" in c for c in commands if "uv venv" in c)


def test_the_head_and_workers_start_the_installed_ray_without_a_public_dashboard(launcher):
    for part in ("head_start_ray_commands", "worker_start_ray_commands"):
        text = " ".join(launcher[part])
        assert "imcbench/venv/bin/ray stop" in text
        assert "RAY_AUTH_MODE=disabled" in text
        assert "0.0.0.0" not in text


@pytest.mark.parametrize(("gpus", "room"), [(1, 48), (2, 16), (4, 8), (8, 2), (16, 0)])
def test_engines_of_every_tensor_parallel_size_find_room(launcher, gpus, room):
    assert grown(launcher).room(cpus=1, gpus=gpus) == room


def test_the_image_and_job_name_the_versions_of_the_lock(job):
    assert job["spec"]["rayClusterSpec"]["rayVersion"] == LOCK["ray"]
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    assert "FROM python:3.11" in dockerfile
    assert "pip install --no-deps -r /opt/imcbench/requirements/gpu.lock" in dockerfile
    for source in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE):
        assert all((ROOT / name).exists() for name in source.split())


def test_the_job_resumes_on_retry_and_schedules_nothing_on_its_head(job):
    spec = job["spec"]
    assert spec["backoffLimit"] > 0
    cluster = spec["rayClusterSpec"]
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    assert cluster["enableInTreeAutoscaling"] is True
    for group in cluster["workerGroupSpecs"]:
        assert 0 <= group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


def test_pods_get_what_they_ask_for_so_that_ray_sees_the_same(job):
    cluster = job["spec"]["rayClusterSpec"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        for container in group["template"]["spec"]["containers"]:
            assert container["resources"]["requests"] == container["resources"]["limits"]
            assert container["image"].endswith(f":{VERSION}")


def test_the_jobs_engines_fit_its_gpu_pods(job):
    asked = dict(w.split("=", 1) for w in job["spec"]["entrypoint"].split() if "=" in w)
    groups = {g["groupName"]: g for g in job["spec"]["rayClusterSpec"]["workerGroupSpecs"]}
    (container,) = groups["gpu"]["template"]["spec"]["containers"]
    gpus = int(container["resources"]["limits"]["nvidia.com/gpu"])
    assert int(asked["compute.gpus_per_actor"]) <= gpus
    assert int(asked["compute.actors"]) <= groups["gpu"]["maxReplicas"]


@pytest.mark.parametrize("name", ["cluster.yaml", "deploy/rayjob.yaml", "deploy/Dockerfile"])
def test_no_credentials(name):
    text = (ROOT / name).read_text()
    assert not re.search(r"AKIA|ASIA|aws_secret|secret_?access|password|token|\.pem", text, re.I)


def test_every_file_that_names_a_release_names_this_one():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == VERSION
    assert f"## {VERSION} ({citation['date-released']})" in (ROOT / "CHANGELOG.md").read_text()
    assert f"imcbench:{VERSION}" in (ROOT / "deploy/Dockerfile").read_text()


def test_the_table_of_sizes_in_the_docs_is_what_the_model_computes():
    assert table() in (ROOT / "docs/cluster.md").read_text()
