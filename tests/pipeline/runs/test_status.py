"""How a run stands, read from its directory alone."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actors.storage.files import write_json
from conf.errors import BadInput
from pipeline.cli import main
from pipeline.runs.directory import RunDirectory
from pipeline.runs.lease_owner import LeaseOwner
from pipeline.runs.manifest import Counts, write_manifest
from pipeline.runs.status import SILENT_S, status, status_text
from pipeline.runs.turn_log import read_turn_log
from tests.pipeline.manifests import small_manifest
from tests.pipeline.turn_files import write_turns

START = datetime(2026, 1, 1, tzinfo=UTC)
LEASE_ENDS = START.timestamp() + 86_400


def seconds(value: float) -> datetime:
    return START + timedelta(seconds=value)


def begun(folder: Path, *, turns: int | None = 1000) -> RunDirectory:
    """A run that lacks turns, held by another machine until a day after its start."""
    run = RunDirectory(str(folder))
    asked = None if turns is None else Counts(dialogues=turns, turns=turns)
    write_manifest(run, small_manifest(asked=asked))
    owner = replace(LeaseOwner.this_process(0), process="elsewhere/1", until=LEASE_ENDS)
    write_json(str(folder / "lease.json"), asdict(owner))
    return run


def test_a_run_without_answers_is_starting(tmp_path):
    found = status(begun(tmp_path), now=START)
    assert (found.phase, found.turns.done, found.turns.asked) == ("starting", 0, 1000)
    assert found.rate is found.eta_s is found.silent_s is None
    assert "turns 0/1000 (0 %)" in status_text(found)


def test_rate_and_time_left_come_from_the_last_minutes(tmp_path):
    run = begun(tmp_path)
    slow = [(f"a{n}", seconds(10 * n), 1.0) for n in range(100)]
    fast = [(f"b{n}", seconds(1000 + n), 1.0) for n in range(300)]
    write_turns(run, slow, name="a")
    write_turns(run, fast, name="b")
    found = status(run, now=seconds(1310))
    assert found.phase == "generating"
    assert found.rate == pytest.approx(1.0)
    assert found.eta_s == pytest.approx(600)
    assert found.silent_s == pytest.approx(10)
    assert "1.0 turns/s, 0:10:00 left; last answer 0:00:10 ago" in status_text(found)


def test_a_silent_run_promises_nothing(tmp_path):
    run = begun(tmp_path)
    write_turns(run, [(f"a{n}", seconds(n), 1.0) for n in range(50)])
    found = status(run, now=seconds(50 + SILENT_S + 3600))
    assert found.eta_s is None
    assert "no answer for 1:10:00" in status_text(found)


@pytest.mark.parametrize("answered", [0, 1])
def test_a_run_that_nobody_holds_is_interrupted(answered, tmp_path):
    run = begun(tmp_path)
    write_turns(run, [(f"a{n}", seconds(n), 1.0) for n in range(answered)])
    late = status(run, now=seconds(86_400 + 61))
    Path(tmp_path / "lease.json").unlink()
    released = status(run, now=seconds(1))
    assert late.phase == released.phase == "interrupted"
    assert "no process is at it; run the same command again to resume" in status_text(released)


def test_a_run_whose_process_was_killed_here_is_interrupted(tmp_path):
    run = begun(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        mine = LeaseOwner.this_process(0)
        name = f"{mine.process.rpartition('/')[0]}/{started}"
        owner = replace(mine, pid=process.pid, process=name, until=LEASE_ENDS)
        write_json(str(tmp_path / "lease.json"), asdict(owner))
        before = status(run, now=START).phase
        process.kill()
    assert (before, status(run, now=START).phase) == ("starting", "interrupted")


def test_failures_are_grouped_by_reason(tmp_path):
    run = begun(tmp_path)
    errors = ["context too short: 2049 of 2048", "context too short: 4000 of 2048", "odd", None]
    write_turns(run, [(f"a{n}", seconds(n), 1.0) for n in range(4)], errors)
    found = status(run, now=seconds(5))
    assert found.failed == 3
    assert found.failures == {"context too short: … of …": 2, "odd": 1}


def test_an_unreadable_file_is_named_and_left_alone(tmp_path):
    run = begun(tmp_path)
    write_turns(run, [("a", seconds(0), 1.0)])
    cut = Path(run.turns) / "cut.parquet"
    cut.write_bytes(b"PAR1")
    found = status(run, now=seconds(5))
    assert found.turns.done == 1
    assert found.broken_files == (str(cut),)
    assert cut.exists()


def test_turns_without_times_have_no_rate(tmp_path):
    run = begun(tmp_path)
    write_turns(run, [("a", None, 1.0), ("b", None, 2.0)])
    found = status(run)
    assert (found.turns.done, found.rate, found.silent_s) == (2, None, None)


def test_a_manifest_that_does_not_say_what_was_asked_gives_counts_alone(tmp_path):
    run = begun(tmp_path, turns=None)
    write_turns(run, [("a", seconds(0), 1.0)])
    found = status(run, now=seconds(5))
    assert (found.phase, found.turns.asked, found.eta_s) == ("generating", None, None)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"manifest\.json is missing"):
        status(RunDirectory(str(tmp_path)))


def test_a_whole_run_is_done_and_says_so_as_json(answered, capsys):
    assert main(["status", answered.root, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["phase"] == "done"
    assert found["turns"] == {"done": 252, "asked": 252}
    assert found["dialogues"] == {"done": 40, "asked": 40}
    assert main(["status", answered.root]) == 0
    assert "turns 252/252 (100 %)" in capsys.readouterr().out


def test_the_steady_rate_leaves_out_pauses_start_and_end(tmp_path):
    run = begun(tmp_path)
    turns = [(f"a{n}", seconds(n), 1.0) for n in range(100)]
    turns += [(f"b{n}", seconds(5000 + n), 1.0) for n in range(100)]
    write_turns(run, turns)
    assert read_turn_log(run.turns).steady_rate() == pytest.approx(1.0, rel=0.02)


def test_few_turns_have_no_steady_rate(tmp_path):
    run = begun(tmp_path)
    write_turns(run, [(f"a{n}", seconds(n), 1.0) for n in range(9)])
    assert read_turn_log(run.turns).steady_rate() is None
