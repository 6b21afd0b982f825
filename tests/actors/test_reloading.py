"""Other weights in an engine that runs: scripted engines, sound ones and ones with a fault."""

import asyncio
from dataclasses import replace

import pytest

from actors.backends.base import EngineDead, ReloadError
from actors.backends.scripted import ScriptedBackend, ScriptedChat
from actors.reloading import Reloading
from conf.load import load
from conf.schema import RunConfig
from tests.actors.dialogues import dialogue, turn

PROBES = [
    dialogue(*(turn(n) for n in range(1, 6)), dialogue_id=f"d{k}", images=()) for k in range(5)
]


def config(script: str, *overrides: str) -> RunConfig:
    base = ["dataset.uri=d", "model.backend=scripted", f"model.name={script}", "output=o"]
    return load("demo", [*base, f"model.source={script}", *overrides])


GOLD, NO, YES = config("gold"), config("deny_everything"), config("yes_sayer")


class Watched(ScriptedBackend):
    """Notes which scripts it is told to take, and how often it is asked."""

    def __init__(self, *args):
        super().__init__(*args)
        self.taken, self.opened = [], 0

    async def reload(self, model, sampling):
        self.taken.append((model.name, sampling.temperature))
        await super().reload(model, sampling)

    def open(self, asked):
        self.opened += 1
        return super().open(asked)


class Stuck(ScriptedBackend):
    async def reload(self, model, sampling):
        pass


class Sticky(ScriptedBackend):
    """Never gives up what it once took after the first script."""

    async def reload(self, model, sampling):
        if self.script == "gold":
            await super().reload(model, sampling)


class Rounding(ScriptedBackend):
    """Answers as it should, from weights that are a little off after a reload."""

    loads = 0

    async def reload(self, model, sampling):
        self.loads += model.source != self.script
        await super().reload(model, sampling)

    async def checksum(self):
        return f"{await super().checksum()} {self.loads}"


class Remembering(ScriptedBackend):
    """Keeps its prefix cache over a reload."""

    def open(self, asked):
        return RemembersAll(self, asked)


class RemembersAll(ScriptedChat):
    seen = 0

    async def ask(self, request):
        RemembersAll.seen += 1
        cached = 96 if RemembersAll.seen > 3 * 3 else 0
        return replace(await super().ask(request), cached_tokens=cached)


class Hanging(ScriptedBackend):
    async def reload(self, model, sampling):
        await asyncio.Event().wait()


class Dying(ScriptedBackend):
    async def reload(self, model, sampling):
        raise EngineDead("out of memory")


def take(backend: ScriptedBackend, started_on: RunConfig, *runs: RunConfig) -> Reloading:
    reloading = Reloading(backend, started_on)
    for run in runs:
        asyncio.run(reloading.take(run, PROBES))
    return reloading


def test_the_first_reload_is_checked_there_and_back_and_later_ones_are_trusted():
    warm = config("yes_sayer", "sampling.temperature=0.7")
    backend = Watched(GOLD.model)
    take(backend, GOLD, NO, warm, GOLD)
    there_and_back = [("gold", 0), ("deny_everything", 0), ("gold", 0)]
    assert backend.taken == [
        *there_and_back,
        ("deny_everything", 0),
        ("yes_sayer", 0.7),
        ("gold", 0),
    ]
    assert backend.script == "gold"
    assert backend.opened == 3 * 3  # three dialogues, asked three times


def test_probes_are_greedy_whatever_the_runs_sampling_is():
    backend = Watched(GOLD.model)
    take(backend, GOLD, config("deny_everything", "sampling.temperature=0.7"))
    assert [temperature for _, temperature in backend.taken] == [0, 0, 0, 0.7]


def test_a_variant_of_the_same_weights_needs_no_check():
    backend = Watched(GOLD.model)
    take(backend, GOLD, replace(GOLD, sampling=replace(GOLD.sampling, temperature=0.5)))
    assert backend.taken == [("gold", 0.5)]
    assert not backend.opened


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (Stuck, "reloading deny_everything over gold changed neither parameters nor answers"),
        (Sticky, "gold reloaded over deny_everything is not the gold .*: its answers differ"),
        (Rounding, "gold reloaded over deny_everything is not the gold .*: its parameters differ"),
        (Remembering, "found 96 of its tokens in the prefix cache, which was to be empty"),
        (Dying, "the engine died in reloading gold: out of memory"),
    ],
)
def test_an_engine_with_a_fault_is_not_trusted(kind, says):
    reloading = Reloading(kind(GOLD.model), GOLD)
    with pytest.raises(ReloadError, match=says):
        asyncio.run(reloading.take(NO, PROBES))
    for run in (NO, GOLD):  # it may hold anything now
        with pytest.raises(ReloadError, match=says):
            asyncio.run(reloading.take(run, PROBES))


def test_a_reload_that_hangs_ends():
    run = config("gold", "compute.stall_timeout_s=0.05")
    with pytest.raises(ReloadError, match=r"reloading gold took longer than 0\.05 s"):
        take(Hanging(run.model), run, NO)


def test_without_an_answer_there_is_no_check():
    with pytest.raises(ReloadError, match="cannot be checked: no probe was answered"):
        asyncio.run(Reloading(ScriptedBackend(GOLD.model), GOLD).take(NO, []))


def test_a_later_reload_that_fails_ends_the_trust():
    backend = ScriptedBackend(GOLD.model)
    reloading = take(backend, GOLD, NO)
    with pytest.raises(ReloadError, match="nonsense"):
        asyncio.run(reloading.take(config("nonsense"), PROBES))
    with pytest.raises(ReloadError, match="nonsense"):
        asyncio.run(reloading.take(YES, PROBES))
