"""Metrics of an actor, read where Prometheus reads them: the endpoint of a real node."""

import re
import time
import urllib.request

import pytest
import ray

from actors.prometheus import TurnMetrics
from actors.schema import TurnRecord

pytestmark = pytest.mark.usefixtures("ray_cluster")


@ray.remote(num_cpus=0)
class Talker:
    def __init__(self) -> None:
        self.metrics = TurnMetrics("telemetry-test")

    def talk(self) -> str:
        asked = {"run_id": "r", "model": "m", "dialogue_id": "d", "question": "?"}
        with self.metrics.dialogue():
            for turn, cached in ((1, 0), (2, 96), (3, 128)):
                self.metrics.observe(
                    TurnRecord(
                        **asked,
                        turn=turn,
                        status="ok",
                        error=None,
                        prompt_tokens=200,
                        cached_tokens=cached,
                        completion_tokens=10,
                        latency_s=0.5,
                    )
                )
        with self.metrics.dialogue():
            self.metrics.observe(TurnRecord(**asked, turn=4, status="failed", error="no"))
            entered = self.metrics._in_flight
        assert (entered, self.metrics._in_flight) == (1, 0)
        return ray.get_runtime_context().get_actor_id()


def scrape() -> dict[tuple[str, str], float]:
    """Our samples by name and status, of this test's model."""
    (node,) = ray.nodes()
    url = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
    text = urllib.request.urlopen(url, timeout=10).read().decode()
    found = {}
    for name, labels, value in re.findall(r"^ray_imcbench_(\w+)\{(.*)\} (\S+)$", text, re.M):
        if 'model="telemetry-test"' in labels and 'le="' not in labels:
            status = re.search(r'status="(\w+)"', labels)
            found[name, status[1] if status else ""] = float(value)
    return found


def test_turns_tokens_and_cache_arrive_at_the_nodes_endpoint():
    talker = Talker.remote()
    actor = ray.get(talker.talk.remote())
    assert actor
    deadline = time.monotonic() + 60
    while ("turns_total", "failed") not in (found := scrape()) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert found["turns_total", "ok"] == 3
    assert found["turns_total", "failed"] == 1
    assert found["prompt_tokens_total", ""] == 600
    assert found["cached_tokens_total", ""] == 224
    assert found["completion_tokens_total", ""] == 30
    assert found["turn_seconds_count", ""] == 3
    assert found["dialogues_in_flight", ""] == 0
