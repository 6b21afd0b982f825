"""Other weights in an engine that runs: scripted engines, sound ones and ones with a fault."""

import asyncio
from dataclasses import replace

import pytest

from actors.backends.base import EngineDead, ReloadError
from actors.backends.scripted import ScriptedBackend, ScriptedChat
from actors.reload_check import Reference, Reloading
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
    """Notes which scripts it is told to take."""

    def __init__(self, *args):
        super().__init__(*args)
        self.taken = []

    async def reload(self, model, sampling):
        self.taken.append((model.name, sampling.temperature))
        await super().reload(model, sampling)


class Stuck(ScriptedBackend):
    async def reload(self, model, sampling):
        pass


class HalfStuck(ScriptedBackend):
    """Keeps its output layer: once started on a script it never quite becomes another."""

    def __init__(self, *args):
        super().__init__(*args)
        self.started_on = self.script

    def open(self, asked):
        return HalfStuckChat(self, asked)


class HalfStuckChat(ScriptedChat):
    async def ask(self, request):
        reply = await super().ask(request)
        return replace(reply, text=f"{reply.text} {self._backend.started_on}")


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

    asked = 0

    def open(self, asked):
        return RemembersAll(self, asked)


class RemembersAll(ScriptedChat):
    async def ask(self, request):
        self._backend.asked += 1
        cached = 96 if self._backend.asked > 3 * 3 else 0
        return replace(await super().ask(request), cached_tokens=cached)


class Hanging(ScriptedBackend):
    async def reload(self, model, sampling):
        await asyncio.Event().wait()


class Dying(ScriptedBackend):
    async def reload(self, model, sampling):
        raise EngineDead("out of memory")


def shown(kind=ScriptedBackend, probes=PROBES) -> Reference:
    """What an engine shows that was started on gold."""
    return asyncio.run(Reloading(kind(GOLD.model), GOLD).record(probes))


def take(backend: ScriptedBackend, reference: Reference, *runs: RunConfig) -> Reloading:
    reloading = Reloading(backend, NO, reference)
    for run in runs:
        asyncio.run(reloading.take(run))
    return reloading


def test_the_first_reload_is_checked_and_later_ones_are_trusted():
    warm = config("yes_sayer", "sampling.temperature=0.7")
    backend = Watched(NO.model)
    take(backend, shown(), warm, YES, NO)
    check = [("deny_everything", 0), ("gold", 0)]
    assert backend.taken == [*check, ("yes_sayer", 0.7), ("yes_sayer", 0), ("deny_everything", 0)]


def test_probes_are_greedy_whatever_the_runs_sampling_is():
    warm = config("gold", "sampling.temperature=0.7")
    backend = Watched(warm.model)
    reference = asyncio.run(Reloading(backend, warm).record(PROBES))
    assert backend.taken == [("gold", 0)]
    assert len(reference.shown.answers) == 3 * 3  # three turns of three dialogues


def test_a_variant_of_the_same_weights_needs_no_check():
    backend = Watched(NO.model)
    take(backend, shown(), replace(NO, sampling=replace(NO.sampling, temperature=0.5)))
    assert backend.taken == [("deny_everything", 0.5)]


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (Stuck, "reloading gold over deny_everything changed neither parameters nor answers"),
        (HalfStuck, "gold reloaded over deny_everything is not .*: its answers differ"),
        (Rounding, "gold reloaded over deny_everything is not .*: its parameters differ"),
        (Remembering, "found 96 of its tokens in the prefix cache, which was to be empty"),
    ],
)
def test_an_engine_with_a_fault_is_not_trusted(kind, says):
    reloading = Reloading(kind(NO.model), NO, shown(kind))
    for run in (YES, NO, GOLD):  # after the first it may hold anything
        with pytest.raises(ReloadError, match=says):
            asyncio.run(reloading.take(run))


def test_an_engine_that_dies_in_a_reload_says_so():
    with pytest.raises(ReloadError, match=r"the engine died in reloading .*: out of memory"):
        take(Dying(NO.model), shown(), YES)


def test_a_reload_that_hangs_ends():
    run = config("deny_everything", "compute.stall_timeout_s=0.05")
    reloading = Reloading(Hanging(run.model), run, shown())
    with pytest.raises(ReloadError, match=r"reloading deny_everything took longer than 0\.05 s"):
        asyncio.run(reloading.take(YES))


def test_without_an_engine_of_other_weights_or_an_answer_there_is_no_check():
    with pytest.raises(ReloadError, match="without an engine of other weights"):
        asyncio.run(Reloading(ScriptedBackend(NO.model), NO).take(YES))
    with pytest.raises(ReloadError, match="without an engine of other weights"):
        asyncio.run(Reloading(ScriptedBackend(GOLD.model), GOLD, shown()).take(YES))
    with pytest.raises(ReloadError, match="no probe was answered"):
        take(ScriptedBackend(NO.model), shown(probes=[]), YES)


def test_a_later_reload_that_fails_ends_the_trust():
    reloading = take(ScriptedBackend(NO.model), shown(), YES)
    for run in (config("nonsense"), YES):
        with pytest.raises(ReloadError, match="nonsense"):
            asyncio.run(reloading.take(run))
