"""What clusters can hold, and configurations that no cluster can."""

import subprocess
import sys
from dataclasses import replace

import pytest
import ray
import yaml

from conf.errors import BadInput, ConfigError
from conf.load import load
from pipeline.cluster.capacity import Capacity, Nodes, capacity, launcher_capacity
from pipeline.cluster.resources import actor_pool, actor_resources, wanted


def nodes(cpus: float, gpus: float, count: int, name: str = "alive") -> Nodes:
    return Nodes(name=name, cpus=cpus, gpus=gpus, count=count)


def fixed(*alive: Nodes) -> Capacity:
    return Capacity(alive=alive, types=(), max_workers=0, source="test")


def compute(*overrides: str):
    return load("demo", overrides).compute


@pytest.mark.parametrize(
    ("cpus", "gpus", "room"),
    [(1, 1, 8), (1, 2, 4), (1, 3, 2), (1, 4, 2), (1, 5, 0), (20, 1, 2), (1, 0.5, 16), (0, 4, 2)],
)
def test_an_actor_never_spans_nodes(cpus, gpus, room):
    assert fixed(nodes(32, 4, 2), nodes(0, 0, 1)).room(cpus=cpus, gpus=gpus) == room


def test_an_autoscaler_adds_at_most_its_types_and_its_workers():
    types = (nodes(8, 1, 10, "small"), nodes(48, 4, 2, "large"))
    has = Capacity(alive=(nodes(0, 0, 1),), types=types, max_workers=5, source="test")
    assert has.room(cpus=1, gpus=1) == 2 * 4 + 3 * 1
    assert has.room(cpus=1, gpus=4) == 2
    assert has.room(cpus=1, gpus=8) == 0


def test_workers_that_run_already_are_not_counted_twice():
    types = (nodes(8, 1, 4, "small"),)
    has = Capacity(alive=(nodes(8, 1, 4),), types=types, max_workers=4, source="test")
    assert has.room(cpus=1, gpus=1) == 4


def test_the_head_is_no_worker_type():
    kind = {"resources": {"CPU": 8, "GPU": 1}, "max_workers": 3}
    document = {
        "max_workers": 5,
        "head_node_type": "head",
        "available_node_types": {"head": {"resources": {"CPU": 64}}, "gpu": kind},
    }
    has = launcher_capacity((nodes(0, 0, 1),), document, "file")
    assert has.types == (nodes(8, 1, 3, "gpu"),)
    assert has.has_gpus
    assert "gpu: 3 x (8 CPU, 1 GPU)" in str(has)


def test_an_engine_takes_its_gpus_where_there_are_any_and_else_shares_the_cpus():
    small = compute("compute.actors=4")
    assert wanted(small, fixed(nodes(32, 4, 2)), gpus_per_engine=2).gpus == 2
    shared = wanted(small, fixed(nodes(16, 0, 2)), gpus_per_engine=2)
    assert (shared.cpus, shared.gpus) == (8, 0)


@pytest.mark.parametrize(
    ("actors", "cpus"), [(1, 16), (2, 16), (3, 8), (4, 8), (5, 5), (6, 5), (7, 4), (32, 1), (99, 1)]
)
def test_cpus_are_shared_so_that_all_actors_fit_on_their_nodes(actors, cpus):
    has = fixed(nodes(16, 0, 2), nodes(0, 0, 1))
    assert wanted(compute(f"compute.actors={actors}"), has, gpus_per_engine=0).cpus == cpus


def test_gpus_that_may_come_count_as_gpus():
    types = (nodes(8, 1, 4, "gpu"),)
    has = Capacity(alive=(nodes(0, 0, 1),), types=types, max_workers=4, source="test")
    assert wanted(compute(), has, gpus_per_engine=1).gpus == 1


def test_an_autoscaler_of_unknown_kind_must_be_told_whether_engines_take_gpus():
    has = Capacity(alive=(nodes(0, 0, 1),), types=None, max_workers=0, source="test")
    with pytest.raises(BadInput, match=r"set compute\.gpus_per_actor=2, or =0"):
        wanted(compute(), has, gpus_per_engine=2)
    assert wanted(compute("compute.gpus_per_actor=2"), has, gpus_per_engine=2).gpus == 2
    assert wanted(compute(), has, gpus_per_engine=0).gpus == 0


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["compute.cpus_per_actor=3"], r"asks for 0 GPU and 3 CPU.*no node is that large"),
        (["compute.gpus_per_actor=1"], r"asks for 1 GPU.*no node is that large.*2 CPU, 0 GPU"),
        (["compute.actors=3", "compute.cpus_per_actor=1"], r"3 actors.*2 find room.*actors=2"),
        (
            ["compute.actors=9", "compute.min_actors=3", "compute.cpus_per_actor=1"],
            r"3 actors.*min_actors=2",
        ),
    ],
)
@pytest.mark.usefixtures("ray_cluster")
def test_what_the_cluster_can_never_hold_is_refused_at_once(overrides, words):
    with pytest.raises(BadInput, match=words):
        actor_resources(compute(*overrides), gpus_per_engine=0)


@pytest.mark.usefixtures("ray_cluster")
def test_an_elastic_pool_asks_for_no_more_than_finds_room():
    elastic = compute("compute.actors=9", "compute.min_actors=1", "compute.cpus_per_actor=1")
    asked = actor_resources(elastic, gpus_per_engine=0)
    assert asked.actors == 2
    pool = actor_pool(elastic, asked, blocks=50)
    assert (pool.min_size, pool.initial_size, pool.max_size) == (1, 2, 2)


@pytest.mark.usefixtures("ray_cluster")
def test_a_cluster_that_was_started_here_does_not_grow(monkeypatch):
    assert capacity().types == ()
    monkeypatch.setenv("IMCBENCH_AUTOSCALING", "1")
    assert capacity().types is None
    monkeypatch.delenv("IMCBENCH_AUTOSCALING")
    monkeypatch.setenv("KUBERAY_GEN_RAY_START_CMD", "ray start --head --no-monitor --block")
    assert capacity().types is None
    monkeypatch.setenv("IMCBENCH_AUTOSCALING", "0")
    assert capacity().types == ()


@pytest.mark.usefixtures("ray_cluster")
def test_the_launchers_file_is_found_by_the_clusters_own_monitor(tmp_path):
    """A process that looks like the monitor that ``ray up`` starts; it waits for its input."""
    monitor, config = tmp_path / "monitor.py", tmp_path / "bootstrap.yaml"
    monitor.write_text("import sys; print('up', flush=True); sys.stdin.read()")
    kind = {"resources": {"CPU": 8, "GPU": 1}, "max_workers": 3}
    config.write_text(yaml.safe_dump({"max_workers": 3, "available_node_types": {"gpu": kind}}))

    def types(address: str) -> tuple[Nodes, ...] | None:
        words = [f"--gcs-address={address}", f"--autoscaling-config={config}"]
        with subprocess.Popen(
            [sys.executable, str(monitor), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout.readline() == b"up\n"
            found = capacity().types
            process.stdin.close()
        return found

    assert types(ray.get_runtime_context().gcs_address) == (nodes(8, 1, 3, "gpu"),)
    assert types("192.0.2.1:6379") == ()  # another cluster's


def test_a_pool_has_no_more_actors_than_blocks():
    asked = replace(wanted(compute("compute.actors=8"), fixed(nodes(8, 0, 1)), gpus_per_engine=0))
    pool = actor_pool(compute("compute.actors=8"), asked, blocks=3)
    assert (pool.min_size, pool.max_size) == (3, 3)
    elastic = compute("compute.actors=8", "compute.min_actors=5")
    pool = actor_pool(elastic, asked, blocks=3)
    assert (pool.min_size, pool.initial_size, pool.max_size) == (3, 3, 3)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["model.engine.tensor_parallel_size=4", "compute.gpus_per_actor=2"], "over 4 GPUs"),
        (["model.engine.tensor_parallel_size=0"], "model.engine.tensor_parallel_size"),
        (["model.engine.pipeline_parallel_size=x"], "model.engine.pipeline_parallel_size"),
        (["compute.min_actors=2"], "compute.min_actors is 2.*which is 1"),
        (["compute.min_actors=0"], "compute.min_actors"),
        (["compute.gpus_per_actor=-1"], "compute.gpus_per_actor"),
        (["compute.cpus_per_actor=-1"], "compute.cpus_per_actor"),
    ],
)
def test_sizes_that_contradict_each_other_are_no_configuration(overrides, words):
    with pytest.raises(ConfigError, match=words):
        load("demo", overrides)


def test_engines_on_cpus_or_on_a_shared_gpu_are_configurations():
    parallel = "model.engine.tensor_parallel_size=2"
    assert load("demo", [parallel, "compute.gpus_per_actor=0"]).model.gpus_per_engine == 2
    assert load("demo", ["compute.gpus_per_actor=0.5"]).model.gpus_per_engine == 1
    assert load("demo", ["model.backend=scripted", parallel]).model.gpus_per_engine == 0
