"""Attempts and who is to blame, without any process."""

import pytest

from actors.supervision.attempts import Incarnation, Ledger

HERE, THERE = "node-here", "node-there"


class Cluster:
    """A ledger, the nodes that live, and processes that follow each other in one actor."""

    def __init__(self, max_attempts: int = 3) -> None:
        self.living = {HERE, THERE}
        self.ledger = Ledger(max_attempts=max_attempts, living_nodes=lambda: self.living)
        self.processes = 0

    def process(self, node: str = HERE) -> Incarnation:
        self.processes += 1
        return Incarnation(process=f"process-{self.processes}", actor="actor", node=node)


def rulings(ledger: Ledger, by: Incarnation, *ids: str) -> dict[str, tuple[str, int]]:
    return {i: (v.ruling, v.attempt) for i, v in ledger.starting(by, ids).items()}


def test_a_first_attempt_is_made_in_company():
    cluster = Cluster()
    assert rulings(cluster.ledger, cluster.process(), "a", "b") == {
        "a": ("together", 1),
        "b": ("together", 1),
    }


def test_the_last_attempt_is_made_alone_and_who_dies_then_is_quarantined():
    cluster = Cluster()
    ledger = cluster.ledger
    for attempt in (1, 2):
        assert rulings(ledger, cluster.process(), "killer", "other") == {
            "killer": ("together", attempt),
            "other": ("together", attempt),
        }
    process = cluster.process()
    assert rulings(ledger, process, "killer", "other")["other"] == ("alone", 3)
    assert ledger.starting_alone(process, "other") == 3
    ledger.finished_alone("other")
    assert ledger.starting_alone(process, "killer") == 3
    ledger.ending(process, "the engine died: boom")
    found = ledger.starting(cluster.process(), ["killer", "other"])
    assert (found["killer"].ruling, found["killer"].attempt) == ("quarantined", 3)
    assert "after 3 attempts, the last one alone: the engine died: boom" in found["killer"].reason
    # Its task was lost with the killer's, not its attempt: it is made again, alone still.
    assert (found["other"].ruling, found["other"].attempt) == ("alone", 4)


def test_being_in_company_never_condemns():
    cluster = Cluster(max_attempts=2)
    cluster.ledger.starting(cluster.process(), ["a"])
    for _ in range(5):
        # Each time, another dialogue of the process kills it before this one is begun alone.
        assert rulings(cluster.ledger, cluster.process(), "a") == {"a": ("alone", 2)}


def test_a_lost_machine_is_not_held_against_its_dialogues():
    cluster = Cluster(max_attempts=2)
    for attempt in range(1, 5):
        node = f"spot-{attempt}"
        cluster.living = {HERE, node}
        by = cluster.process(node)
        assert rulings(cluster.ledger, by, "a") == {"a": ("together", attempt)}
        cluster.living = {HERE}


def test_a_task_run_again_by_the_same_process_blames_nobody():
    cluster = Cluster(max_attempts=2)
    process = cluster.process()
    for attempt in (1, 2, 3):
        assert rulings(cluster.ledger, process, "a") == {"a": ("together", attempt)}


def test_starts_in_a_row_are_counted_until_one_succeeds():
    cluster = Cluster()
    ledger, first = cluster.ledger, cluster.process()
    assert ledger.actor_starting(first)[0] == 0
    ledger.ending(first, "its start failed: no memory")
    second = cluster.process()
    assert ledger.actor_starting(second) == (1, "its start failed: no memory")
    third = cluster.process()
    failed, reason = ledger.actor_starting(third)
    assert failed == 2
    assert "without a word" in reason
    ledger.actor_ready(third)
    assert ledger.actor_starting(cluster.process())[0] == 0


@pytest.mark.parametrize(("alive", "failed"), [(True, 1), (False, 0)])
def test_a_start_lost_with_its_machine_is_no_failed_start(alive, failed):
    cluster = Cluster()
    cluster.ledger.actor_starting(cluster.process("spot"))
    cluster.living = {HERE, "spot"} if alive else {HERE}
    assert cluster.ledger.actor_starting(cluster.process())[0] == failed
