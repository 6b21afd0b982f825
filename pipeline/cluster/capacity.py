"""What a cluster can hold: the nodes that run, and those that its autoscaler may add.

In: a connected Ray. Out: ``Capacity``, which says how many actors of a size find room. Without an
autoscaler that is what the nodes have; with one whose node types are known, what they can become.
"""

import math
import os
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil
import ray
import yaml

# KubeRay starts the head without a monitor where its own autoscaler container does that work.
_KUBERAY_START, _KUBERAY_AUTOSCALES = "KUBERAY_GEN_RAY_START_CMD", "--no-monitor"
_OVERRIDE = "IMCBENCH_AUTOSCALING"


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """Nodes of one shape; ``count`` of them."""

    name: str
    cpus: float
    gpus: float
    count: int

    def room(self, *, cpus: float, gpus: float) -> int:
        """How many actors of a size one such node holds; an actor never spans nodes."""
        fits = [has / asked for has, asked in ((self.cpus, cpus), (self.gpus, gpus)) if asked > 0]
        return math.floor(min(fits) + 1e-9) if fits else 10**6


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """The nodes of a cluster and those that may be added.

    ``types`` are the autoscaler's node types with the largest number of each, at most
    ``max_workers`` nodes together; they include the workers that run already. None: there is an
    autoscaler, but what it may add is not known. An empty tuple: nothing will be added.
    """

    alive: tuple[Nodes, ...]
    types: tuple[Nodes, ...] | None
    max_workers: int
    source: str

    @property
    def has_gpus(self) -> bool:
        """Whether a node has a GPU, now or once the autoscaler added it."""
        return any(nodes.gpus > 0 for nodes in (*self.alive, *(self.types or ())))

    def room(self, *, cpus: float, gpus: float) -> int | None:
        """How many actors of a size find room at most; None where that is not known."""
        if self.types is None:
            return None
        now = sum(n.count * n.room(cpus=cpus, gpus=gpus) for n in self.alive)
        left, later = self.max_workers, 0
        sized = [(t.room(cpus=cpus, gpus=gpus), t.count) for t in self.types]
        for each, count in sorted(sized, reverse=True):
            later += each * min(count, left)
            left -= min(count, left)
        return max(now, later)

    def __str__(self) -> str:
        """Write it in one line."""
        shown = ", ".join(f"{n.count} x ({_shape(n)})" for n in self.alive) or "no node"
        if self.types is None:
            return f"{shown}, and what the autoscaler adds ({self.source})"
        if self.types:
            kinds = ", ".join(f"{t.name}: {t.count} x ({_shape(t)})" for t in self.types)
            return f"{shown}; grows up to {kinds}, {self.max_workers} workers in all"
        return shown


def capacity() -> Capacity:
    """Return the capacity of the connected cluster.

    IMCBENCH_AUTOSCALING=1 or =0 overrules what is detected: needed where the driver does not run
    on the head node.
    """
    alive = _alive()
    override = os.environ.get(_OVERRIDE, "")
    if override == "0":
        return Capacity(alive=alive, types=(), max_workers=0, source=f"{_OVERRIDE}=0")
    launched = _launcher_config()
    if launched is not None:
        return launcher_capacity(alive, yaml.safe_load(launched.read_text()), str(launched))
    if override == "1":
        return Capacity(alive=alive, types=None, max_workers=0, source=f"{_OVERRIDE}=1")
    if _KUBERAY_AUTOSCALES in os.environ.get(_KUBERAY_START, ""):
        return Capacity(alive=alive, types=None, max_workers=0, source="KubeRay")
    return Capacity(alive=alive, types=(), max_workers=0, source="no autoscaler")


def launcher_capacity(
    alive: tuple[Nodes, ...], document: dict[str, object], source: str
) -> Capacity:
    """Read the node types of a cluster launcher's configuration (cluster.yaml, as Ray fills it)."""
    kinds = document.get("available_node_types")
    head = document.get("head_node_type")
    most = document.get("max_workers")
    most = most if isinstance(most, int) else 0
    types = []
    for name, kind in (kinds if isinstance(kinds, dict) else {}).items():
        count = kind.get("max_workers", 0 if name == head else most)
        resources = kind.get("resources") or {}
        if count:
            types.append(
                Nodes(
                    name=name,
                    cpus=float(resources.get("CPU", 0)),
                    gpus=float(resources.get("GPU", 0)),
                    count=count,
                )
            )
    return Capacity(alive=alive, types=tuple(types), max_workers=most, source=source)


def _alive() -> tuple[Nodes, ...]:
    """Count the nodes that run, by shape."""
    shapes: dict[tuple[float, float], int] = {}
    for node in ray.nodes():  # type: ignore[no-untyped-call]  # Ray gives it no types
        if node["Alive"]:
            shape = (node["Resources"].get("CPU", 0.0), node["Resources"].get("GPU", 0.0))
            shapes[shape] = shapes.get(shape, 0) + 1
    return tuple(
        Nodes(name="alive", cpus=cpus, gpus=gpus, count=count)
        for (cpus, gpus), count in sorted(shapes.items())
    )


def _launcher_config() -> Path | None:
    """Find the configuration with which this cluster's monitor was started, if it runs here.

    ``ray up`` starts the head with --autoscaling-config; no public call gives it back, but the
    monitor's command line names both the file and the cluster.
    """
    ours = _ports(ray.get_runtime_context().gcs_address)
    for process in psutil.process_iter(["cmdline"]):
        words: list[str] = process.info["cmdline"] or []
        if not any(word.endswith("monitor.py") for word in words):
            continue
        given = dict(word.split("=", 1) for word in words if word.startswith("--") and "=" in word)
        path = given.get("--autoscaling-config")
        if path and _ports(given.get("--gcs-address", "")) == ours:
            return Path(path).expanduser()
    return None


def _ports(address: str) -> tuple[str, str]:
    """Make addresses comparable: the host resolved, the port as text."""
    host, _, port = address.rpartition(":")
    try:
        return socket.gethostbyname(host), port
    except OSError:
        return host, port


def _shape(nodes: Nodes) -> str:
    return f"{nodes.cpus:g} CPU, {nodes.gpus:g} GPU"
