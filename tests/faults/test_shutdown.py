"""The end of a cluster: the command's own exit code is what leaves the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[2]
TIMES = 50
SCRIPT = """
import sys
import threading
import pyarrow as pa
import ray
from conf.schema import ComputeConfig
from pipeline.cluster.connect import cluster
from pipeline.cluster.pool import ActorPool
from pipeline.cluster.resources import ActorResources

class Echo:
    def __call__(self, table):
        return table

compute = ComputeConfig(
    actors=1, min_actors=None, gpus_per_actor=None, cpus_per_actor=None, dialogues_per_task=1,
    tasks_per_actor=2,
)
pool = ActorPool(compute=compute, resources=ActorResources(cpus=1, gpus=0, actors=1))
for n in range(int(sys.argv[1])):
    with cluster():
        answers = pool.stream([pa.table({"n": [i]}) for i in range(40)], Echo, {})
        for count, _ in enumerate(answers):
            if n % 2 and count == 3:
                break  # as an error or Ctrl-C leaves it: the iteration is kept, and not finished
    assert not ray.is_initialized(), "a thread started another cluster"
    assert threading.enumerate() == [threading.main_thread()], threading.enumerate()
sys.exit(7)
"""


@pytest.mark.timeout(1800)
def test_fifty_clusters_started_and_stopped_leave_the_programs_own_exit_code():
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(TIMES)],
        cwd=ROOT,
        env={**os.environ, "RAY_ADDRESS": "local"},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 7, process.stderr[-2000:]
