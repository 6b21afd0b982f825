"""Actors that die, hang or cannot start: real processes on a real cluster."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from ray._private.state import actors

from actors.storage.files import list_files
from conf.errors import InfrastructureError
from pipeline.dataset.open import open_dataset
from pipeline.run import evaluate
from pipeline.runs.prepare import prepare
from tests.pipeline.finished_runs import assert_one_row_per_turn, turn_rows

pytestmark = pytest.mark.usefixtures("ray_cluster")
# The same answers as those of the undisturbed run, in small tasks.
SMALL = (
    "model.script.error_rate=0.3",
    "compute.dialogues_per_task=2",
    "compute.tasks_per_actor=4",
    "compute.max_failed_share=1",
)


@pytest.fixture(scope="module")
def ids(phantom: Path) -> list[str]:
    return open_dataset(str(phantom)).dialogues()["dialogue_id"].to_pylist()


def test_a_dialogue_that_kills_its_actor_is_quarantined_and_its_company_is_not(
    scripted, phantom, ids
):
    killer = ids[5]
    run = evaluate(scripted(*SMALL, f"model.script.chaos_die_on={killer}"))
    assert_one_row_per_turn(run, phantom)
    rows = turn_rows(run).to_pylist()
    failed = [r for r in rows if r["status"] == "failed"]
    assert {r["dialogue_id"] for r in failed} == {killer}
    assert all("quarantined after 3 attempts, the last one alone" in r["error"] for r in failed)
    assert all("ended without a word" in r["error"] for r in failed)
    assert {r["attempt"] for r in failed} == {3}
    company = {r["dialogue_id"]: r["attempt"] for r in rows if r["dialogue_id"] != killer}
    # Whoever shares its task survives an attempt alone, and is asked once more after its death.
    assert set(company.values()) <= {1, 2, 3, 4}
    # Two deaths in company of at most 2 x 4 dialogues; nobody else was ever asked twice.
    assert 0 < sum(attempt > 1 for attempt in company.values()) < 16


def test_an_engine_that_hangs_is_replaced(scripted, ids, tmp_path, nothing_lost):
    chaos = (
        f"model.script.chaos_hang_on={ids[3]}",
        "model.script.chaos_times=1",
        f"model.script.chaos_folder={tmp_path / 'chaos'}",
    )
    run = evaluate(scripted(*SMALL, *chaos, "compute.stall_timeout_s=2"))
    rows = turn_rows(run).to_pylist()
    assert {r["attempt"] for r in rows if r["dialogue_id"] == ids[3]} == {2}
    nothing_lost(run, "engine hangs")


def test_a_dialogue_on_which_the_engine_always_hangs_is_quarantined(scripted, phantom, ids):
    chaos = (f"model.script.chaos_hang_on={ids[3]}", "dataset.limit=4")
    run = evaluate(scripted(*SMALL, *chaos, "compute.stall_timeout_s=1", "compute.max_attempts=2"))
    failed = [r for r in turn_rows(run).to_pylist() if r["status"] == "failed"]
    assert {r["dialogue_id"] for r in failed} == {ids[3]}
    assert all("the engine stalled: 1 turns open" in r["error"] for r in failed)


def test_an_actor_that_fails_to_start_twice_starts_then(scripted, tmp_path, nothing_lost):
    chaos = (
        "model.script.chaos_failed_starts=2",
        f"model.script.chaos_folder={tmp_path / 'chaos'}",
    )
    run = evaluate(scripted(*SMALL, *chaos))
    assert len(list((tmp_path / "chaos").iterdir())) == 2
    nothing_lost(run, "constructor fails twice")


def test_an_actor_that_never_starts_ends_the_run(scripted, tmp_path):
    chaos = (
        "model.script.chaos_failed_starts=100",
        f"model.script.chaos_folder={tmp_path / 'chaos'}",
    )
    with pytest.raises(InfrastructureError, match="chaos: this start fails"):
        evaluate(scripted(*SMALL, *chaos, "compute.max_start_failures=1"))
    assert len(list((tmp_path / "chaos").iterdir())) == 2


def test_killed_actor_processes_lose_nothing(scripted, nothing_lost):
    """SIGKILL twice, as the kernel does when memory is short."""
    config = scripted(*SMALL, "model.script.delay_s=0.05")
    turns = prepare(config).directory.turns
    killed: list[int] = []
    killer = threading.Thread(target=_kill_after_each_file, args=(turns, killed))
    killer.start()
    run = evaluate(config)
    killer.join()
    assert len(killed) == 2
    nothing_lost(run, "SIGKILL of an actor process", times=2)


def _kill_after_each_file(turns: str, killed: list[int]) -> None:
    while len(killed) < 2:
        time.sleep(0.05)
        if len(list_files(turns, ".parquet")) <= len(killed):
            continue
        for actor in actors().values():
            answers = "DialogueActor" in actor["ActorClassName"] and actor["State"] == "ALIVE"
            if answers and actor["Pid"] not in killed:
                killed.append(actor["Pid"])
                os.kill(actor["Pid"], signal.SIGKILL)
