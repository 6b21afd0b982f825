"""Estimates of time and GPU hours: against cases that can be worked out by hand."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from conf.errors import BadInput
from pipeline.cli import main
from pipeline.cluster.resources import ActorResources
from pipeline.runs.directory import RunDirectory
from pipeline.runs.estimate import Engines, Speed, engines_of, estimate, speed_of
from pipeline.runs.manifest import Pass, write_manifest
from tests.pipeline.manifests import small_manifest
from tests.pipeline.turn_files import write_turns

ONE_GPU = Engines(gpus=1, dialogues_per_task=1, tasks_per_actor=10)
NO_START = Speed(turns_per_gpu_s=10, engine_start_s=0)


def test_equal_dialogues_that_fill_all_slots_have_no_tail():
    e = estimate([5] * 100, ONE_GPU, NO_START, gpus=2)
    assert (e.actors, e.at_once, e.waves) == (2, 1, 1)
    assert e.seconds == e.full_s == pytest.approx(500 / 20)
    assert e.tail_s == pytest.approx(0)
    assert e.gpu_hours == pytest.approx(2 * 25 / 3600)


def test_one_long_dialogue_bounds_the_time_whatever_the_gpus():
    turns = [15] + [1] * 20
    times = [estimate(turns, ONE_GPU, NO_START, gpus=g).seconds for g in (1, 4, 16)]
    # A turn takes 10 dialogues / (10 turns/s) = 1 s; the longest dialogue is 15 of them.
    assert times == [pytest.approx(15)] * 3


def test_more_gpus_never_take_longer_and_never_fewer_gpu_hours():
    turns = [1 + n % 15 for n in range(500)]
    speed = Speed(turns_per_gpu_s=7, engine_start_s=100)
    found = [estimate(turns, ONE_GPU, speed, gpus=g) for g in (1, 2, 4, 8, 16)]
    assert [e.seconds for e in found] == sorted((e.seconds for e in found), reverse=True)
    assert [e.gpu_hours for e in found] == sorted(e.gpu_hours for e in found)


def test_tensor_parallel_engines_take_their_gpus_each():
    four = Engines(gpus=4, dialogues_per_task=1, tasks_per_actor=10)
    e = estimate([5] * 400, four, NO_START, gpus=18)
    assert e.actors == 4  # two GPUs are left over
    assert e.full_s == pytest.approx(2000 / (10 * 4 * 4))


def test_many_checkpoints_share_the_gpus_before_one_gets_several():
    speed = Speed(turns_per_gpu_s=10, engine_start_s=60)
    e = estimate([5] * 100, ONE_GPU, speed, gpus=16, checkpoints=50)
    assert (e.actors, e.at_once, e.waves) == (1, 16, 4)
    assert e.seconds == pytest.approx(4 * (60 + 50))
    assert e.gpu_hours == pytest.approx(50 * (60 + 50) / 3600)
    few = estimate([5] * 100, ONE_GPU, speed, gpus=16, checkpoints=4)
    assert (few.actors, few.at_once, few.waves) == (4, 4, 1)


def test_there_are_no_more_engines_than_tasks():
    e = estimate([5] * 3, ONE_GPU, NO_START, gpus=16)
    assert e.actors == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gpus": 0}, "needs 1 GPUs, there are 0"),
        ({"turns": []}, "nothing to plan"),
        ({"checkpoints": 0}, "nothing to plan"),
    ],
)
def test_plans_of_nothing_are_refused(change, words):
    arguments = {"turns": [5], "engines": ONE_GPU, "speed": NO_START, "gpus": 1} | change
    with pytest.raises(BadInput, match=words):
        estimate(**arguments)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(BadInput, match="the rate is"):
        Speed(turns_per_gpu_s=rate)


def finished_run(folder, *, gpus: float, actors: int = 2) -> RunDirectory:
    """A run of 200 turns at 10 turns/s that began 50 s after its engines were asked for."""
    run = RunDirectory(str(folder))
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    first = begun + timedelta(seconds=50)
    write_turns(run, [(f"d{n}", first + timedelta(seconds=n / 10), 0.1) for n in range(200)])
    only = Pass(
        finished=(begun + timedelta(seconds=70)).isoformat(timespec="seconds"),
        dialogues=200,
        turns=200,
        failed=0,
        tokens=0,
        seconds=70.0,
        engines=ActorResources(cpus=1.0, gpus=gpus, actors=actors),
    )
    write_manifest(run, small_manifest(passes=(only,)))
    return run


def test_a_finished_run_gives_rate_and_engine_start(tmp_path):
    speed = speed_of(finished_run(tmp_path, gpus=2))
    assert speed.turns_per_gpu_s == pytest.approx(10 / 4, rel=0.02)
    assert speed.engine_start_s == pytest.approx(50)


def test_a_run_without_gpus_says_nothing_about_one(tmp_path):
    with pytest.raises(BadInput, match="ran without a GPU"):
        speed_of(finished_run(tmp_path, gpus=0))


def test_the_command_needs_neither_model_nor_cluster(phantom, capsys):
    words = ["plan", "--config", "full", f"dataset.uri={phantom}", "--gpus", "4", "--rate", "2"]
    assert main([*words, "--price", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["turns"] == 252
    assert main([*words, "--price", "3"]) == 0
    shown = capsys.readouterr().out
    assert f"cost        {found['gpu_hours'] * 3:.2f}" in shown


def test_engines_are_as_large_as_the_configuration_says(scripted):
    parallel = scripted("model.backend=vllm", "model.engine.tensor_parallel_size=4")
    assert engines_of(parallel).gpus == 4
    assert engines_of(scripted("compute.gpus_per_actor=0.5")).gpus == 0.5
    assert engines_of(parallel).in_flight == 64
