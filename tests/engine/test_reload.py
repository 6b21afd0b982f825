"""Reloaded weights: the answers of fresh engines, and a check that notices what is left undone."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from ray._private.state import actors

from actors.backends.base import ReloadError
from actors.backends.vllm_engine import VllmBackend
from actors.reload_check import Reloading
from actors.schema import Dialogue
from actors.storage.files import read_json
from conf.sweep import SweepConfig, load_sweep, plan
from pipeline.checkpoint.tiny import init_tiny
from pipeline.commands.model import phantom_corpus
from pipeline.dataset.open import open_dataset
from pipeline.runs.directory import RunDirectory
from pipeline.sweep.sweep import SweptRun, sweep
from tests.pipeline.finished_runs import summary_rows, turn_rows

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

NAMES = ("one", "two", "three")
# Of dialogues that are open together, whose prompt finds the system prompt cached is chance.
MEASURED = ("latency_s", "started_at", "cached_tokens")


@dataclass(frozen=True)
class Swept:
    """A sweep's lines, where its runs lie, and how many engines it started."""

    rows: list[SweptRun]
    runs: list[RunDirectory]
    engines: int


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random checkpoints of one shape and tokenizer, their output layers tied to the embeddings."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for seed, name in enumerate(NAMES):
        init_tiny(folder / name, phantom_corpus(50), seed=seed)
    return folder


def sweep_of(dataset: Path, output: Path, engines: str, *more: str) -> SweepConfig:
    """The three reference checkpoints, which are trained and say different things."""
    return load_sweep(
        "nightly",
        [
            f"dataset.uri={dataset}",
            "dataset.limit=16",
            f"output={output}",
            f"sweep.engines={engines}",
            "model.engine.kv_cache_memory_bytes=268435456",
            "sampling.max_tokens=16",
            "compute.dialogues_per_task=2",
            "compute.tasks_per_actor=4",
            "scoring.resamples=50",
            *more,
        ],
    )


def swept(config: SweepConfig) -> Swept:
    before = _engines()
    rows = sweep(config)
    runs = [RunDirectory(f"{config.output}/{row.run}") for row in rows]
    return Swept(rows, runs, _engines() - before)


def _engines() -> int:
    names = ("DialogueActor", "ReloadingActor")
    return sum(any(n in actor["ActorClassName"] for n in names) for actor in actors().values())


def test_a_sweep_that_reloads_gives_what_an_engine_each_gives(phantom, tmp_path):
    each, shared = (
        swept(sweep_of(phantom, tmp_path / engines, engines, f"sweep.parallel={parallel}"))
        for engines, parallel in (("per_checkpoint", 1), ("reloaded", 2))
    )
    assert (each.engines, shared.engines) == (3, 2)
    assert [row.status for row in shared.rows] == ["complete"] * 3
    assert [row.run for row in shared.rows] == [row.run for row in each.rows]
    for mine, theirs in zip(shared.runs, each.runs, strict=True):
        assert said(mine) == said(theirs)
        assert summary_rows(mine) == summary_rows(theirs)
    passes = [read_json(run.manifest)["passes"] for run in shared.runs]
    assert [[p.get("engines_shared_by") for p in each] for each in passes] == [[None], [2], [2]]
    middle, final = ([row["response"] for row in said(run)] for run in shared.runs[1:])
    assert sum(a != b for a, b in zip(middle, final, strict=True)) > len(final) / 4


def said(run: RunDirectory) -> list[dict]:
    rows = turn_rows(run).drop_columns(list(MEASURED)).to_pylist()
    return sorted(rows, key=lambda row: (row["dialogue_id"], row["turn"]))


def test_the_check_passes_a_sound_engine_and_notices_what_is_left_undone(
    checkpoints, phantom, tmp_path, monkeypatch
):
    data = tmp_path / "phantom"
    shutil.copytree(phantom, data)
    listed = ", ".join(f"{{name: {name}, source: {checkpoints / name}}}" for name in NAMES)
    entries = f"sweep.checkpoints=[{listed}]"
    one, two, three = (
        planned.config for planned in plan(sweep_of(data, tmp_path, "reloaded", entries), ())
    )
    dialogues = [Dialogue.from_row(r) for r in open_dataset(str(data)).dialogues(3).to_pylist()]
    first = VllmBackend(one.model, one.sampling, one.dataset.uri)
    reference = asyncio.run(Reloading(first, one).record(dialogues))
    first.close()
    backend = VllmBackend(two.model, two.sampling, two.dataset.uri, reloads=True)
    engine = backend._engine
    ask_workers = engine.collective_rpc

    async def nothing(*args, **kwargs) -> bool:
        return True

    async def all_but_packing(method, **kwargs):
        return None if method == "pack_output_layers" else await ask_workers(method, **kwargs)

    faults = [
        ("reset_prefix_cache", nothing, r"found \d+ of its tokens in the prefix cache"),
        ("collective_rpc", nothing, "changed neither parameters nor answers"),
        ("collective_rpc", all_but_packing, "one reloaded over two is not .* its answers differ"),
    ]

    async def scene() -> None:
        for name, instead, says in faults:
            with monkeypatch.context() as fault:
                fault.setattr(engine, name, instead)
                with pytest.raises(ReloadError, match=says):
                    await Reloading(backend, two, reference).take(three)
            await backend.reload(two.model, two.sampling)
        shutil.rmtree(data / "images")  # decoded images outlive a reload
        reloading = Reloading(backend, two, reference)
        for run in (three, two, one):
            await reloading.take(run)

    try:
        asyncio.run(scene())
    finally:
        backend.close()
