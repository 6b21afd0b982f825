"""Engines that answer a turn with an error instead of an exception: whole scripted runs."""

import pytest

from pipeline.dataset.open import open_dataset
from pipeline.run import evaluate
from tests.pipeline.finished_runs import assert_one_row_per_turn, turn_rows

pytestmark = pytest.mark.usefixtures("ray_cluster")
PART = "half an answer"  # what the fault leaves beside its error


@pytest.fixture(scope="module")
def asked(phantom):
    """Two dialogues of three turns or more."""
    rows = open_dataset(str(phantom)).dialogues().to_pylist()
    return [r["dialogue_id"] for r in rows if len(r["turns"]) > 2][:2]


def test_an_error_that_passes_loses_nothing(scripted, asked, tmp_path, nothing_lost):
    faults = (
        f"model.script.chaos_error_on='{asked[0]}/2,{asked[1]}/1'",
        "model.script.chaos_times=1",
        f"model.script.chaos_folder={tmp_path / 'chaos'}",
    )
    run = evaluate(scripted("model.script.error_rate=0.3", *faults))
    assert len(list((tmp_path / "chaos").iterdir())) == 2
    assert {r["attempt"] for r in turn_rows(run).to_pylist()} == {1}
    nothing_lost(run, "engine answers with an error, once", times=2, recomputed=2)


def test_an_error_that_persists_fails_its_turn_and_is_not_fed_back(scripted, phantom, asked):
    """The script repeats the answer before it, so a text that was fed back would come again."""
    faults = f"model.script.chaos_error_on='{asked[0]}/2,{asked[1]}/1'"
    run = evaluate(scripted("model.source=copy_previous", faults))
    assert_one_row_per_turn(run, phantom)
    rows = turn_rows(run).to_pylist()
    failed = [r for r in rows if r["status"] == "failed"]
    assert {(r["dialogue_id"], r["turn"]) for r in failed} == {(asked[0], 2), (asked[1], 1)}
    for row in failed:
        assert row["error"] == "engine: no answer in two requests, finished by 'error' and 'error'"
        assert row["response"] is None
    assert not [r for r in rows if PART in (r["response"] or "")]
    spoken = {(r["dialogue_id"], r["turn"]): r["response"] for r in rows}
    assert spoken[asked[0], 3] == spoken[asked[0], 1]
    assert spoken[asked[1], 3] == spoken[asked[1], 2]
