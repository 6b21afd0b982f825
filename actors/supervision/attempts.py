"""What outlives an actor's process: how often each dialogue was begun, how often an actor started.

In: an actor that starts, and the dialogues that it is about to begin. Out: a ruling per dialogue.
The ledger is a plain object; generation runs it as one small Ray actor beside the driver.

A death ends every dialogue that was open in its process, so an open dialogue need not be the cause.
Lost attempts are therefore counted, and the last one allowed is made exclusively, with nothing else
open in its process: a dialogue that is lost then is the cause, and is quarantined. Attempts lost
with their whole machine are not counted, nor are those of engines that never answered anything:
they end for reasons of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import ray

Ruling = Literal["shared", "exclusive", "quarantined"]
_NO_REASON = "its process ended without a word (killed, or out of memory)"


@dataclass(frozen=True, kw_only=True, slots=True)
class ActorProcess:
    """One process of one actor; Ray starts another process under the same actor id."""

    process: str
    actor: str
    node: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptRuling:
    """How to treat a dialogue. ``attempt`` counts from 1; a quarantined one has had that many."""

    ruling: Ruling
    attempt: int
    reason: str | None = None


@dataclass(slots=True)
class _Attempts:
    begun: int = 0
    lost: int = 0
    quarantined: bool = False
    exclusive: bool = False
    by: ActorProcess | None = None
    reason: str = _NO_REASON


@dataclass(frozen=True, kw_only=True, slots=True)
class StartHistory:
    """What went before an actor's start.

    ``failed``: its starts in a row that failed. ``unanswered``: engines of the whole run that had
    started and then ended, while none had answered any turn. ``reason``: why the last one ended.
    """

    failed: int
    unanswered: int
    reason: str


@dataclass(slots=True)
class _Starts:
    failed: int = 0
    ready: bool = False
    by: ActorProcess | None = None


@dataclass
class AttemptLedger:
    """Counts attempts and starts. ``living_nodes`` returns the ids of the cluster's nodes.

    ``answered``: an engine of this configuration has answered a turn.
    """

    max_attempts: int
    living_nodes: Callable[[], set[str]]
    answered: bool = False
    _attempts: dict[str, _Attempts] = field(default_factory=dict)
    _starts: dict[str, _Starts] = field(default_factory=dict)
    _exit_reasons: dict[str, str] = field(default_factory=dict)
    _requests: dict[str, tuple[int, int, int, str | None]] = field(default_factory=dict)
    _unanswered: int = 0
    _last_reason: str = _NO_REASON

    def register_attempts(
        self, by: ActorProcess, dialogue_ids: Sequence[str]
    ) -> dict[str, AttemptRuling]:
        """Rule on dialogues that a task is about to begin; those ruled ``shared`` are begun."""
        rulings = {}
        for dialogue_id in dialogue_ids:
            attempts = self._attempts.setdefault(dialogue_id, _Attempts())
            self._settle(attempts, by)
            if attempts.quarantined:
                reason = f"quarantined after {attempts.begun} attempts, the last one alone: "
                rulings[dialogue_id] = AttemptRuling(
                    ruling="quarantined", attempt=attempts.begun, reason=reason + attempts.reason
                )
            elif attempts.lost >= self.max_attempts - 1:
                rulings[dialogue_id] = AttemptRuling(ruling="exclusive", attempt=attempts.begun + 1)
            else:
                _begin(attempts, by, exclusive=False)
                rulings[dialogue_id] = AttemptRuling(ruling="shared", attempt=attempts.begun)
        return rulings

    def register_exclusive_attempt(self, by: ActorProcess, dialogue_id: str) -> int:
        """Note that a dialogue begins with nothing else open in its process; return its attempt."""
        attempts = self._attempts.setdefault(dialogue_id, _Attempts())
        _begin(attempts, by, exclusive=True)
        return attempts.begun

    def exclusive_attempt_survived(self, dialogue_id: str) -> None:
        """Note that a dialogue ended: another one of its task may still end the process."""
        self._attempts[dialogue_id].by = None

    def register_exit(self, by: ActorProcess, reason: str) -> None:
        """Note why a process is about to end."""
        self._exit_reasons[by.process] = reason

    def register_answer(self) -> None:
        """Note that an engine of this run has answered a turn."""
        self.answered = True

    def register_start(self, by: ActorProcess) -> StartHistory:
        """Count an actor's start; return what went before it."""
        starts = self._starts.setdefault(by.actor, _Starts())
        before = starts.by
        if before is not None and before.node in self.living_nodes():
            self._last_reason = self._exit_reasons.get(before.process, _NO_REASON)
            if not starts.ready:
                starts.failed += 1
            elif not self.answered:
                self._unanswered += 1
        starts.by, starts.ready = by, False
        return StartHistory(
            failed=starts.failed, unanswered=self._unanswered, reason=self._last_reason
        )

    def start_succeeded(self, by: ActorProcess) -> None:
        """Note that an actor has started."""
        starts = self._starts[by.actor]
        starts.failed, starts.ready = 0, True

    def engine_state(self) -> str:
        """Describe what an answer is waited for, before there is any."""
        starting = [s for s in self._starts.values() if not s.ready]
        if not self._starts:
            return "waiting for an actor to find room on the cluster"
        if len(starting) < len(self._starts):
            return "the engine is up, waiting for the first answers"
        ended = max(s.failed for s in starting) + self._unanswered
        if not ended:
            return "starting the engine (imports, weights, warm-up)"
        return f"starting the engine, attempt {ended + 1} (the last one ended: {self._last_reason})"

    def note_requests(
        self, actor: str, in_flight: int, limit: int, waiting: int, fault: str | None
    ) -> None:
        """Note how an actor's requests to a provider stand."""
        self._requests[actor] = (in_flight, limit, waiting, fault)

    def requests(self) -> str:
        """Describe the requests of all actors to a provider; empty where none was noted."""
        if not self._requests:
            return ""
        states = self._requests.values()
        in_flight, limit = sum(s[0] for s in states), sum(s[1] for s in states)
        waiting = sum(s[2] for s in states)
        fault = next((s[3] for s in states if s[2]), "")
        late = f", {waiting} waiting ({fault})" if waiting else ""
        return f"{in_flight} of {limit} requests in flight{late}"

    def _settle(self, attempts: _Attempts, by: ActorProcess) -> None:
        """Count the attempt before, if there was one: it is lost, or nobody would begin it again.

        Ray also runs a finished task again when the machine that held its answer is gone, perhaps
        in the same process: that is no lost attempt.
        """
        before, attempts.by = attempts.by, None
        if before is None or before.process == by.process:
            return
        if before.node not in self.living_nodes() or not self.answered:
            return
        attempts.lost += 1
        attempts.reason = self._exit_reasons.get(before.process, _NO_REASON)
        attempts.quarantined = attempts.exclusive and attempts.lost >= self.max_attempts


def living_nodes() -> set[str]:
    """Return the ids of the nodes that Ray believes alive."""
    nodes = ray.nodes()  # type: ignore[no-untyped-call]  # Ray gives it no types
    return {str(node["NodeID"]) for node in nodes if node["Alive"]}


def _begin(attempts: _Attempts, by: ActorProcess, *, exclusive: bool) -> None:
    attempts.begun += 1
    attempts.by, attempts.exclusive = by, exclusive
