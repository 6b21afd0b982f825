"""Rows beside the four measures: how often there was an answer at all, and what it would be worth.

In: a reading. Out: score rows. All are ratios of sums; docs/measures.md says what each means.
"""

from itertools import pairwise

from pipeline.metrics.base import DialogueReading, Score, TurnReading, ratio
from pipeline.metrics.reasoning_coherence import contradicted_subjects
from pipeline.metrics.verdicts import is_checkable

_PARSED_TYPES = ("boolean", "choice", "number", "concept", "region")
_LETTERS = "ABCDE"


def answer_views(reading: DialogueReading) -> list[Score]:
    """Return failed turns, unparseable answers, removed reasoning, turns after right and wrong."""
    turns = reading.turns
    answered = [t for t in turns if not t.failed]
    parsed = [t for t in answered if t.turn.answer_type in _PARSED_TYPES and t.score is not None]
    rows = [
        ratio("failed_turns", len(turns) - len(answered), len(turns)),
        ratio("unparseable_rate", sum(not t.parseable for t in parsed), len(parsed)),
        ratio("reasoning_stripped", sum(t.reasoning_removed > 0 for t in answered), len(answered)),
    ]
    scored = [t for t in turns if t.score is not None]
    for name, was_right in (("wrong", False), ("right", True)):
        after = [b for a, b in pairwise(scored) if a.correct is was_right]
        total = sum(t.score or 0.0 for t in after)
        rows.append(ratio(f"error_cascade_right_after_{name}", total, len(after)))
    return rows


def baseline_views(reading: DialogueReading) -> list[Score]:
    """Return what a constant answer would score, and the recall of each boolean class."""
    booleans = _of_type(reading, "boolean")
    gold = [(t.turn.answer or "").strip().lower() for t in booleans]
    rows = [ratio(f"constant_{v}", gold.count(v), len(gold)) for v in ("yes", "no")]
    for value in ("yes", "no"):
        of_class = [t for t, g in zip(booleans, gold, strict=True) if g == value]
        right = sum(t.score or 0.0 for t in of_class)
        rows.append(ratio(f"boolean_recall_{value}", right, len(of_class)))
    letters = [(t.turn.answer or "").strip().upper() for t in _of_type(reading, "choice")]
    return rows + [ratio(f"constant_choice_{c}", letters.count(c), len(letters)) for c in _LETTERS]


def claim_views(reading: DialogueReading) -> list[Score]:
    """Return claim coverage, revised and uncertain claims, and subjects contradicted."""
    expected = [
        t
        for t in reading.turns
        if any(is_checkable(c.concept, reading.lexicon) for c in t.turn.claims)
    ]
    covered = sum(any(c.verdict is not None for c in t.claims) for t in expected)
    claims = [
        c for t in reading.turns for c in t.claims if is_checkable(c.claim.concept, reading.lexicon)
    ]
    uncertain = sum(not c.certain for c in claims)
    made = [c.assertion for t in reading.turns for c in t.asserted]
    return [
        ratio("revised_claims", sum(a.revised for a in made), len(made)),
        ratio("claim_coverage", covered, len(expected)),
        ratio("uncertain_claims", uncertain, len(claims)),
        ratio("contradiction_rate", len(contradicted_subjects(reading)), len(reading.subjects)),
    ]


def _of_type(reading: DialogueReading, answer_type: str) -> list[TurnReading]:
    return [t for t in reading.turns if t.turn.answer_type == answer_type and t.score is not None]
