"""Runs that share an engine: which may, and what comes of it, on the scripted backend."""

from pathlib import Path

import pyarrow.compute as pc
import pytest
from ray._private.state import actors

from actors.storage.files import list_files, read_json, read_parquet, write_json, write_parquet
from conf.sweep import load_sweep, plan
from pipeline.dataset.load import load_gold
from pipeline.run import carry_out
from pipeline.runs.prepare import is_complete, prepare, scored_with
from pipeline.runs.run import Run
from pipeline.sweep.shared_engines import candidates, generate_group, groups
from tests.actors.small_checkpoints import write_checkpoint
from tests.pipeline.finished_runs import assert_one_row_per_turn, summary_rows, turn_rows

pytestmark = pytest.mark.usefixtures("ray_cluster")

SAID = ("dialogue_id", "turn", "model", "run_id", "status", "response", "prompt_tokens", "attempt")


# Fewer at once than a run has tasks: the first ones are all of the first run.
ONE = ("compute.actors=1", "compute.tasks_per_actor=4")


@pytest.fixture
def three(scripted) -> list[Run]:
    """Three of different weights."""
    return [
        prepare(scripted(*ONE, *changes))
        for changes in (
            ("model.name=bad", "model.script.error_rate=0.5"),
            ("model.name=yielding", "model.source=yes_sayer"),
            ("model.name=other", "model.source=parrot"),
        )
    ]


def engines_started() -> int:
    return sum("ReloadingActor" in actor["ActorClassName"] for actor in actors().values())


def said(run: Run) -> list[tuple]:
    rows = turn_rows(run.directory).to_pylist()
    return sorted(tuple(row[name] for name in SAID) for row in rows)


def test_a_group_gives_the_rows_and_summaries_of_single_runs_with_two_engines(
    three, scripted, phantom, tmp_path
):
    before = engines_started()
    assert generate_group(three)
    for run in three:
        assert_one_row_per_turn(run.directory, phantom)
        (noted,) = read_json(run.directory.manifest)["passes"]
        assert noted["dialogues"] == run.dialogues.num_rows
        assert noted.get("engines_shared_by") == (None if run is three[0] else 2)
        carry_out(run)
        assert is_complete(run)
    assert engines_started() == before + 2
    for run in three[1:]:
        model = run.config.model
        alone = prepare(
            scripted(
                *ONE, f"model.name={model.name}", f"model.source={model.source}",
                f"model.script.error_rate={model.script['error_rate']}", f"output={tmp_path / '1'}",
            )
        )  # fmt: skip
        carry_out(alone)
        assert said(alone) == said(run)
        assert summary_rows(alone.directory) == summary_rows(run.directory)
        assert "engines_shared_by" not in read_json(alone.directory.manifest)["passes"][0]


def test_a_group_resumes_and_does_only_what_is_missing(three, phantom):
    first, second, _ = three
    assert generate_group([first, second])
    (uri, *_) = list_files(second.directory.turns, ".parquet")
    table = read_parquet(uri)
    lost = pc.unique(table["dialogue_id"])[:3]
    write_parquet(uri, table.filter(pc.invert(pc.is_in(table["dialogue_id"], value_set=lost))))
    kept = {f: Path(f).stat().st_mtime_ns for r in three for f in list_files(r.directory.turns, "")}
    assert generate_group(three)
    assert {f: Path(f).stat().st_mtime_ns for f in kept} == kept
    passes = [[p["dialogues"] for p in read_json(r.directory.manifest)["passes"]] for r in three]
    everything = first.dialogues.num_rows
    assert passes == [[everything], [everything, 3], [everything]]
    for run in three:
        assert_one_row_per_turn(run.directory, phantom)


def test_a_checkpoint_that_cannot_be_loaded_takes_nothing_along_that_was_answered(
    three, scripted, phantom, caplog
):
    broken = prepare(scripted(*ONE, "model.name=broken", "model.source=nonsense"))
    slow = scripted(*ONE, "model.name=slow", "model.source=yes_sayer", "model.script.delay_s=0.05")
    before, first, last = three[0], prepare(slow), three[-1]
    assert not generate_group([before, first, broken, last])
    (told,) = (r.message for r in caplog.records if r.name == "pipeline.sweep.shared_engines")
    assert told.startswith("reloading the engine of bad, slow, broken, other was given up")
    assert "each run gets its own now: model.source is 'nonsense'; a scripted one is gold" in told
    assert "\n" not in told
    assert not list_files(broken.directory.turns, ".parquet")
    kept = {f: Path(f).stat().st_mtime_ns for f in list_files(first.directory.turns, ".parquet")}
    assert kept
    assert_one_row_per_turn(before.directory, phantom)
    for run in (first, last):
        carry_out(run)
        assert_one_row_per_turn(run.directory, phantom)
    assert {f: Path(f).stat().st_mtime_ns for f in kept} == kept


def planned(tmp_path: Path, phantom: Path, *overrides: str):
    """Plan a sweep over folders: a, b, c and d differ in weights alone, x in its architecture."""
    root = tmp_path / "checkpoints"
    for n, name in enumerate("abcd"):
        write_checkpoint(root / name, fill=n)
    write_checkpoint(root / "x", fill=9, architecture="Qwen2VLForConditionalGeneration")
    given = [
        f"dataset.uri={phantom}",
        f"output={tmp_path / 'runs'}",
        "sweep.engines=reloaded",
        "sweep.checkpoints=[]",
        f"sweep.glob={root}/*",
    ]
    config = load_sweep("nightly", [*given, *overrides])
    return plan(config, sorted(str(folder) for folder in root.iterdir()))


def grouped(runs) -> list[list[str]]:
    found = candidates(runs, load_gold(runs[0].config.dataset))
    return [[run.config.model.name for run in group] for group in groups(found)]


def test_runs_share_an_engine_if_nothing_but_weights_and_what_is_asked_differs(tmp_path, phantom):
    runs = planned(tmp_path, phantom, "sweep.variants={default: [], warm: [sampling.top_p=0.5]}")
    assert grouped(runs) == [[f"{name}{variant}" for name in "abcd" for variant in ("", ".warm")]]


@pytest.mark.parametrize(
    "variant",
    [
        "model.engine.dtype=bfloat16",
        "model.trust_remote_code=true",
        "model.chat.system=omit",
        "sampling.thinking_tokens=4",
    ],
)
def test_another_engine_is_another_group(tmp_path, phantom, variant):
    runs = planned(tmp_path, phantom, f"sweep.variants={{default: [], v: [{variant}]}}")
    assert grouped(runs) == [["a", "b", "c", "d"], ["a.v", "b.v", "c.v", "d.v"]]


def test_two_alone_a_copy_and_a_folder_at_fault_are_left_to_themselves(tmp_path, phantom):
    runs = planned(tmp_path, phantom)
    root = tmp_path / "checkpoints"
    (root / "a" / "tokenizer.json").unlink()
    (root / "c" / "model.safetensors").write_bytes((root / "b" / "model.safetensors").read_bytes())
    assert grouped(runs) == []


def test_a_complete_run_is_not_in_a_group(tmp_path, phantom):
    runs = planned(tmp_path, phantom)
    done = prepare(runs[0].config)
    scored = scored_with(runs[0].config)
    manifest = read_json(done.directory.manifest) | {"status": "complete", "scored": scored}
    write_json(done.directory.manifest, manifest)
    assert grouped(runs) == [["b", "c", "d"]]


def test_other_backends_are_never_in_a_group(tmp_path, phantom):
    assert grouped(planned(tmp_path, phantom, "model.backend=scripted")) == []
