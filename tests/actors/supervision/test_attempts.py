"""Attempts and who is to blame, without any process."""

import pytest

from actors.supervision.attempts import ActorProcess, AttemptLedger

HERE, THERE = "node-here", "node-there"


class Cluster:
    """A ledger, the nodes that live, and processes that follow each other in one actor."""

    def __init__(self, max_attempts: int = 3, *, answered: bool = True) -> None:
        self.living = {HERE, THERE}
        self.ledger = AttemptLedger(
            max_attempts=max_attempts, living_nodes=lambda: self.living, answered=answered
        )
        self.processes = 0

    def process(self, node: str = HERE) -> ActorProcess:
        self.processes += 1
        return ActorProcess(process=f"process-{self.processes}", actor="actor", node=node)


def rulings(ledger: AttemptLedger, by: ActorProcess, *ids: str) -> dict[str, tuple[str, int]]:
    return {i: (v.ruling, v.attempt) for i, v in ledger.register_attempts(by, ids).items()}


def test_a_first_attempt_is_made_in_company():
    cluster = Cluster()
    assert rulings(cluster.ledger, cluster.process(), "a", "b") == {
        "a": ("shared", 1),
        "b": ("shared", 1),
    }


def test_the_last_attempt_is_made_alone_and_who_dies_then_is_quarantined():
    cluster = Cluster()
    ledger = cluster.ledger
    for attempt in (1, 2):
        assert rulings(ledger, cluster.process(), "killer", "other") == {
            "killer": ("shared", attempt),
            "other": ("shared", attempt),
        }
    process = cluster.process()
    assert rulings(ledger, process, "killer", "other")["other"] == ("exclusive", 3)
    assert ledger.register_exclusive_attempt(process, "other") == 3
    ledger.exclusive_attempt_survived("other")
    assert ledger.register_exclusive_attempt(process, "killer") == 3
    ledger.register_exit(process, "the engine died: boom")
    found = ledger.register_attempts(cluster.process(), ["killer", "other"])
    assert (found["killer"].ruling, found["killer"].attempt) == ("quarantined", 3)
    assert "after 3 attempts, the last one alone: the engine died: boom" in found["killer"].reason
    # Its task was lost with the killer's, not its attempt: it is made again, alone still.
    assert (found["other"].ruling, found["other"].attempt) == ("exclusive", 4)


def test_being_in_company_never_condemns():
    cluster = Cluster(max_attempts=2)
    cluster.ledger.register_attempts(cluster.process(), ["a"])
    for _ in range(5):
        # Each time, another dialogue of the process kills it before this one is begun alone.
        assert rulings(cluster.ledger, cluster.process(), "a") == {"a": ("exclusive", 2)}


def test_a_lost_machine_is_not_held_against_its_dialogues():
    cluster = Cluster(max_attempts=2)
    for attempt in range(1, 5):
        node = f"spot-{attempt}"
        cluster.living = {HERE, node}
        by = cluster.process(node)
        assert rulings(cluster.ledger, by, "a") == {"a": ("shared", attempt)}
        cluster.living = {HERE}


def test_a_task_run_again_by_the_same_process_blames_nobody():
    cluster = Cluster(max_attempts=2)
    process = cluster.process()
    for attempt in (1, 2, 3):
        assert rulings(cluster.ledger, process, "a") == {"a": ("shared", attempt)}


def test_starts_in_a_row_are_counted_until_one_succeeds():
    cluster = Cluster()
    ledger, first = cluster.ledger, cluster.process()
    assert ledger.register_start(first).failed == 0
    ledger.register_exit(first, "its start failed: no memory")
    second = cluster.process()
    history = ledger.register_start(second)
    assert (history.failed, history.reason) == (1, "its start failed: no memory")
    third = cluster.process()
    history = ledger.register_start(third)
    assert history.failed == 2
    assert "without a word" in history.reason
    ledger.start_succeeded(third)
    assert ledger.register_start(cluster.process()).failed == 0


@pytest.mark.parametrize(("alive", "failed"), [(True, 1), (False, 0)])
def test_a_start_lost_with_its_machine_is_no_failed_start(alive, failed):
    cluster = Cluster()
    cluster.ledger.register_start(cluster.process("spot"))
    cluster.living = {HERE, "spot"} if alive else {HERE}
    assert cluster.ledger.register_start(cluster.process()).failed == failed


def test_the_ledger_says_what_an_answer_is_waited_for():
    cluster = Cluster()
    ledger = cluster.ledger
    assert ledger.engine_state() == "waiting for an actor to find room on the cluster"
    process = cluster.process()
    ledger.register_start(process)
    assert ledger.engine_state().startswith("starting the engine (")
    ledger.register_exit(process, "its start failed: boom")
    process = cluster.process()
    ledger.register_start(process)
    expected = "starting the engine, attempt 2 (the last one ended: its start failed: boom)"
    assert ledger.engine_state() == expected
    ledger.start_succeeded(process)
    assert ledger.engine_state() == "the engine is up, waiting for the first answers"


def die_once_up(cluster: Cluster, *ids: str) -> None:
    process = cluster.process()
    cluster.ledger.register_start(process)
    cluster.ledger.start_succeeded(process)
    cluster.ledger.register_attempts(process, ids)
    cluster.ledger.register_exit(process, "the engine died: head size 16")


def test_engines_that_never_answered_are_counted_and_blame_no_dialogue():
    cluster = Cluster(max_attempts=2, answered=False)
    die_once_up(cluster, "a", "b")
    die_once_up(cluster, "a", "b")
    process = cluster.process()
    history = cluster.ledger.register_start(process)
    assert (history.failed, history.unanswered) == (0, 2)
    assert history.reason == "the engine died: head size 16"
    assert cluster.ledger.engine_state() == (
        "starting the engine, attempt 3 (the last one ended: the engine died: head size 16)"
    )
    assert rulings(cluster.ledger, process, "a") == {"a": ("shared", 3)}


def test_a_death_after_an_answer_is_not_the_engines_own():
    cluster = Cluster(max_attempts=2, answered=False)
    cluster.ledger.register_answer()
    die_once_up(cluster, "a")
    process = cluster.process()
    assert cluster.ledger.register_start(process).unanswered == 0
    assert rulings(cluster.ledger, process, "a") == {"a": ("exclusive", 2)}


def test_the_requests_of_all_actors_are_told_together():
    ledger = Cluster().ledger
    assert ledger.requests() == ""
    ledger.note_requests("one", 3, 8, 0, "an old fault")
    assert ledger.requests() == "3 of 8 requests in flight"
    ledger.note_requests("two", 1, 4, 2, "HTTP 429")
    assert ledger.requests() == "4 of 12 requests in flight, 2 waiting (HTTP 429)"
