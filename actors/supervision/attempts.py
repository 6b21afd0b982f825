"""What outlives an actor's process: how often each dialogue was begun, how often an actor started.

In: an actor's word that it starts, and which dialogues it begins. Out: a verdict per dialogue. The
ledger is a plain object; generation runs it as one small Ray actor beside the driver.

A death takes every dialogue that was open in its process, so being there proves nothing. Lost
attempts are therefore counted, and the last one allowed is made alone, with nothing else open in
its process: a dialogue that is lost then did it, and is quarantined. Attempts lost with their whole
machine are nobody's fault and are not held against anyone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import ray

Ruling = Literal["together", "alone", "quarantined"]
_SILENT = "its process ended without a word (killed, or out of memory)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Incarnation:
    """One process of one actor; Ray starts another process under the same actor id."""

    process: str
    actor: str
    node: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """How to treat a dialogue. ``attempt`` counts from 1; a quarantined one has had that many."""

    ruling: Ruling
    attempt: int
    reason: str | None = None


@dataclass(slots=True)
class _Entry:
    begun: int = 0
    blamed: int = 0
    condemned: bool = False
    alone: bool = False
    by: Incarnation | None = None
    reason: str = _SILENT


@dataclass(slots=True)
class _Starts:
    failed: int = 0
    by: Incarnation | None = None
    reason: str = _SILENT


@dataclass
class Ledger:
    """Counts attempts and starts. ``living_nodes`` gives the ids of the cluster's nodes."""

    max_attempts: int
    living_nodes: Callable[[], set[str]]
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _starts: dict[str, _Starts] = field(default_factory=dict)
    _last_words: dict[str, str] = field(default_factory=dict)
    _given_up: str | None = None
    _reference: object = None

    def starting(self, by: Incarnation, dialogue_ids: Sequence[str]) -> dict[str, Verdict]:
        """Rule on dialogues that a task is about to begin; those ruled ``together`` are begun."""
        verdicts = {}
        for dialogue_id in dialogue_ids:
            entry = self._entries.setdefault(dialogue_id, _Entry())
            self._settle(entry, by)
            if entry.condemned:
                reason = f"quarantined after {entry.begun} attempts, the last one alone: "
                verdicts[dialogue_id] = Verdict(
                    ruling="quarantined", attempt=entry.begun, reason=reason + entry.reason
                )
            elif entry.blamed >= self.max_attempts - 1:
                verdicts[dialogue_id] = Verdict(ruling="alone", attempt=entry.begun + 1)
            else:
                _begin(entry, by, alone=False)
                verdicts[dialogue_id] = Verdict(ruling="together", attempt=entry.begun)
        return verdicts

    def starting_alone(self, by: Incarnation, dialogue_id: str) -> int:
        """Note that a dialogue begins now, with nothing else open in its process; its attempt."""
        entry = self._entries.setdefault(dialogue_id, _Entry())
        _begin(entry, by, alone=True)
        return entry.begun

    def finished_alone(self, dialogue_id: str) -> None:
        """Note that it survived: another one of its task may still end the process."""
        self._entries[dialogue_id].by = None

    def ending(self, by: Incarnation, reason: str) -> None:
        """Take a process's last word: why it is about to end."""
        self._last_words[by.process] = reason

    def actor_starting(self, by: Incarnation) -> tuple[int, str]:
        """Count an actor's start; the failed starts in a row before it, and why the last failed."""
        starts = self._starts.setdefault(by.actor, _Starts())
        before = starts.by
        if before is not None and before.node in self.living_nodes():
            starts.failed += 1
            starts.reason = self._last_words.pop(before.process, _SILENT)
        starts.by = by
        return starts.failed, starts.reason

    def actor_ready(self, by: Incarnation) -> None:
        """Note that an actor has started."""
        self._starts[by.actor] = _Starts()

    def keep(self, reference: object) -> None:
        """Keep what an engine showed as it was started; the first one's."""
        self._reference = self._reference or reference

    def kept(self) -> object:
        """Return what was kept, or None."""
        return self._reference

    def give_up(self, reason: str) -> None:
        """Note that an engine answers nothing more; the first reason is kept."""
        self._given_up = self._given_up or reason

    def given_up(self) -> str | None:
        """Say why an engine answers nothing more, if one does."""
        return self._given_up

    def _settle(self, entry: _Entry, by: Incarnation) -> None:
        """Judge the attempt before, if there was one: it is lost, or it would not be begun again.

        Ray also runs a finished task again when the machine that held its answer is gone, perhaps
        in the same process: no one died of that.
        """
        before, entry.by = entry.by, None
        if before is None or before.process == by.process:
            return
        if before.node not in self.living_nodes():
            return
        entry.blamed += 1
        entry.reason = self._last_words.get(before.process, _SILENT)
        entry.condemned = entry.alone and entry.blamed >= self.max_attempts


def living_nodes() -> set[str]:
    """Return the ids of the nodes that Ray believes alive."""
    nodes = ray.nodes()  # type: ignore[no-untyped-call]  # Ray gives it no types
    return {str(node["NodeID"]) for node in nodes if node["Alive"]}


def _begin(entry: _Entry, by: Incarnation, *, alone: bool) -> None:
    entry.begun += 1
    entry.by, entry.alone = by, alone
