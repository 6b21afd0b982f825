"""turn_accuracy: sum of turn scores over turns that can be scored.

In: a reading. Out: the headline row, and one row per turn number for the view by turn.
"""

from pipeline.metrics.base import DialogueReading, Score, ratio

METRIC = "turn_accuracy"


def turn_accuracy(reading: DialogueReading) -> Score:
    """Sum the turn scores; a failed or missing turn counts with 0."""
    scores = [t.score for t in reading.turns if t.score is not None]
    return ratio(METRIC, sum(scores), len(scores), "no turn can be scored")


def turn_accuracy_by_turn(reading: DialogueReading) -> list[Score]:
    """Return ``turn_accuracy@N`` for each turn number N of the dialogue."""
    return [
        ratio(f"{METRIC}@{t.turn.turn}", t.score, 1) for t in reading.turns if t.score is not None
    ]
