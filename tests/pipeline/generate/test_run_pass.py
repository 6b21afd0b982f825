"""What a pass keeps of turns that fail before any was answered."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest

from actors.schema import TURN_SCHEMA, Dialogue, TurnRecord
from actors.storage.files import list_files
from conf.errors import InfrastructureError
from pipeline.generate.run_pass import RunPass
from pipeline.runs.lease import hold
from pipeline.runs.prepare import prepare
from tests.pipeline.finished_runs import turn_rows

LIMIT = 12


@pytest.fixture
def run_pass(scripted: Callable) -> Iterator[RunPass]:
    run = prepare(scripted(f"compute.stop_after_failures={LIMIT}"))
    with hold(run.directory.root) as lease, RunPass(run, lease) as opened:
        yield opened


def tables(run_pass: RunPass, error: Callable[[int], str | None]) -> Iterator[pa.Table]:
    """One table a dialogue; ``error`` of a turn's running number, None for an answered one."""
    number = 0
    for row in run_pass.run.dialogues.to_pylist():
        dialogue = Dialogue.from_row(row)
        records = []
        for turn in dialogue.turns:
            failed = error(number)
            record = TurnRecord(
                run_id=run_pass.run.run_id,
                model="m",
                dialogue_id=dialogue.dialogue_id,
                turn=turn.turn,
                question=turn.question,
                status="failed" if failed else "ok",
                error=failed,
            )
            records.append(record.to_row())
            number += 1
        yield pa.Table.from_pylist(records, schema=TURN_SCHEMA)


def add_all(run_pass: RunPass, error: Callable[[int], str | None]) -> None:
    for table in tables(run_pass, error):
        run_pass.add(table)


def files(run_pass: RunPass) -> list[str]:
    return list_files(run_pass.run.directory.turns, ".parquet")


def test_turns_that_all_fail_for_one_reason_end_the_run_and_are_not_kept(run_pass):
    expected = r"the first \d+ turns all failed, as in: image 'im-0' is missing; none of them"
    with pytest.raises(InfrastructureError, match=expected):
        add_all(run_pass, lambda n: f"image 'im-{n}' is missing")
    assert LIMIT <= run_pass.failed < LIMIT + 15
    run_pass.__exit__(None, None, None)
    assert files(run_pass) == []


def test_turns_that_fail_for_many_reasons_are_rows(run_pass, ray_cluster):
    add_all(run_pass, lambda n: ("too long", "no image")[n % 2])
    generated = run_pass.finish()
    assert generated.failed == generated.turns == turn_rows(run_pass.run.directory).num_rows


def test_turns_that_failed_before_the_first_answer_are_rows(run_pass, ray_cluster):
    add_all(run_pass, lambda n: "no image" if n < LIMIT - 1 else None)
    assert run_pass.finish().failed == LIMIT - 1
    assert turn_rows(run_pass.run.directory).num_rows == run_pass.total
