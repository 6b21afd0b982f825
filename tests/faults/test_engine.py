"""vLLM's engine process killed while it answers."""

import json
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from ray._private.state import actors

from actors.storage.files import list_files
from conf.errors import InfrastructureError
from conf.load import load
from pipeline.checkpoint.tiny import init_tiny
from pipeline.commands.model import phantom_corpus
from pipeline.run import evaluate
from pipeline.runs.prepare import prepare
from tests.faults.conftest import answered_keys, keys, observe
from tests.pipeline.finished_runs import turn_rows

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
LIMIT = 16


def test_a_killed_engine_is_replaced_and_loses_nothing(phantom, tmp_path):
    init_tiny(tmp_path / "tiny", phantom_corpus(50))
    config = load(
        "demo",
        [
            f"dataset.uri={phantom}",
            f"model.source={tmp_path / 'tiny'}",
            f"output={tmp_path / 'runs'}",
            f"dataset.limit={LIMIT}",
            "compute.dialogues_per_task=1",
            "compute.tasks_per_actor=2",
            "scoring.resamples=50",
        ],
    )
    killed: list[int] = []
    killer = threading.Thread(target=_kill_engine, args=(prepare(config).directory.turns, killed))
    killer.start()
    run = evaluate(config)
    killer.join()
    assert len(killed) == 1
    rows = turn_rows(run).to_pylist()
    asked = {k for k in keys(str(phantom)) if k[0] in {r["dialogue_id"] for r in rows}}
    assert len({i for i, _ in asked}) == LIMIT
    assert sorted((r["dialogue_id"], r["turn"]) for r in rows) == sorted(asked)
    assert {r["status"] for r in rows} == {"ok"}
    assert {r["attempt"] for r in rows} == {1, 2}
    observe(
        "SIGKILL of vLLM's engine process",
        Counter(asked),
        answered_keys(rows),
        recomputed=sum(r["attempt"] - 1 for r in rows),
    )


def test_an_engine_that_dies_for_its_own_reason_ends_the_run_with_it(phantom, tmp_path):
    """vLLM's CPU attention refuses a head size of 16, at its first step."""
    init_tiny(tmp_path / "tiny", phantom_corpus(50))
    path = tmp_path / "tiny" / "config.json"
    config = json.loads(path.read_text())
    config["text_config"] |= {"num_attention_heads": 8, "num_key_value_heads": 8, "head_dim": 16}
    path.write_text(json.dumps(config))
    run = load(
        "demo",
        [
            f"dataset.uri={phantom}",
            f"model.source={tmp_path / 'tiny'}",
            f"output={tmp_path / 'runs'}",
            f"dataset.limit={LIMIT}",
        ],
    )
    with pytest.raises(
        InfrastructureError, match="2 engines died before any turn was answered"
    ) as e:
        evaluate(run)
    assert "head" in str(e.value).split("the last one:")[1].lower()
    assert "\n" not in str(e.value)
    assert not list_files(prepare(run).directory.turns, ".parquet")


def _kill_engine(turns: str, killed: list[int]) -> None:
    while not list_files(turns, ".parquet"):
        time.sleep(0.05)
    (actor,) = (
        a["Pid"]
        for a in actors().values()
        if "DialogueActor" in a["ActorClassName"] and a["State"] == "ALIVE"
    )
    for child in _children(actor):
        if "EngineCore" in Path(f"/proc/{child}/cmdline").read_text():
            os.kill(child, signal.SIGKILL)
            killed.append(child)


def _children(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task").iterdir()
    return [int(c) for t in tasks for c in (t / "children").read_text().split()]
