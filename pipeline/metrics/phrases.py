"""Phrase answers by themselves: the share that match, and the token F1 that papers report beside.

In: a reading. Out: ``phrase_match`` and ``phrase_token_f1``, over the turns of type ``phrase``.
"""

from pipeline.metrics.base import DialogueReading, Score, ratio
from pipeline.metrics.turn_score import accepted_answers
from pipeline.parsing.phrases import token_f1


def phrase_views(reading: DialogueReading) -> list[Score]:
    """Return both shares; a failed or missing turn counts with 0."""
    turns = [t for t in reading.turns if t.turn.answer_type == "phrase"]
    overlap = [token_f1(t.text or "", accepted_answers(t.turn)) for t in turns]
    return [
        ratio("phrase_match", sum(t.score or 0.0 for t in turns), len(turns)),
        ratio("phrase_token_f1", sum(overlap), len(turns)),
    ]
