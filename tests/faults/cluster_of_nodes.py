"""A program for test_nodes.py: a run on two worker nodes; one is killed and a new one joins.

Arguments: config file, what to do (``kill`` or ``fill``). In a process of its own, since a process
can be connected to one Ray cluster only.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import ray
from ray._private.state import actors
from ray.cluster_utils import Cluster

from actors.storage.files import list_files
from conf.load import load
from pipeline.run import evaluate
from pipeline.runs.prepare import prepare

STORE = 80 * 2**20


def main() -> None:
    config = load(sys.argv[1])
    fill = sys.argv[2] == "fill"
    # Where nodes die the head takes no work, as in cluster.yaml: an actor would move there.
    head = {"num_cpus": int(fill), "object_store_memory": STORE, "include_dashboard": False}
    nodes = Cluster(initialize_head=True, head_node_args=head)
    try:
        if fill:
            ray.init(address=nodes.address, log_to_driver=False)
            pinned = [ray.put(np.zeros(2**20, np.uint8)) for _ in range(70)]
            evaluate(config)
            assert len(pinned) == 70
            return
        workers = [nodes.add_node(num_cpus=1, object_store_memory=STORE) for _ in range(2)]
        ray.init(address=nodes.address, log_to_driver=False)
        turns = prepare(config).directory.turns
        with ThreadPoolExecutor(1) as beside:  # nodes can be added in the main thread alone
            run = beside.submit(evaluate, config)
            _kill_one(nodes, workers, turns)
            run.result()
        print(f"answered on {sorted(_homes())}", flush=True)
    finally:
        ray.shutdown()
        nodes.shutdown()


def _kill_one(nodes: Cluster, workers: list, turns: str) -> None:
    """Kill a node that answers, without notice, once both have had work; add a new one."""
    while len(list_files(turns, ".parquet")) < 3:
        time.sleep(0.05)
    victim = next(w for w in workers if w.node_id in _homes("ALIVE"))
    nodes.remove_node(victim, allow_graceful=False)
    print(f"killed {victim.node_id}", flush=True)
    joined = nodes.add_node(num_cpus=1, object_store_memory=STORE)
    print(f"joined {joined.node_id}", flush=True)


def _homes(*states: str) -> set[str]:
    """The nodes of the engine actors, where they last were; by default of all there ever were."""
    return {
        a["Address"]["NodeID"]
        for a in actors().values()
        if "DialogueActor" in a["ActorClassName"] and (not states or a["State"] in states)
    }


if __name__ == "__main__":
    main()
