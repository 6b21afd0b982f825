"""Turns without a usable answer, and what they could change: best and worst case of each measure.

In: a reading. Out: rows of how many turns were refused, cut off or left uncertain, and each measure
with such turns answered as the expert did, or as the opposite.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from actors.schema import Claim
from pipeline.claims import Assertion, refusals
from pipeline.metrics.base import DialogueReading, JudgedClaim, Outcome, Score, TurnReading, ratio
from pipeline.metrics.contradictions import find_contradictions
from pipeline.metrics.verdicts import is_checkable

# What a model that declines says; "I cannot see a nodule" is no refusal.
_REFUSAL = re.compile(
    r"\b(?:as an ai\b|i(?:'m| am) (?:just |only )?an ai\b|"
    r"i(?:'m| am) sorry,? (?:but )?i (?:can|am)|"
    r"i(?:'m| am) (?:unable|not able|not qualified) to (?:assist|help|provide|interpret|"
    r"analy[sz]e|diagnose|view|process|answer|comment|give|offer|make)|"
    r"(?:can ?not|can't|won't|will not) (?:assist|help|provide|interpret|analy[sz]e|diagnose|"
    r"process|comment on|view (?:the |this )?images?|see (?:the |this |any )?images?|give|offer|"
    r"answer)\b)",
    re.IGNORECASE,
)
_PARSED_TYPES = ("boolean", "choice", "number", "concept", "region")


def _declines(text: str) -> bool:
    return bool(_REFUSAL.search(text) or refusals().match(text))


def outcome(turn: TurnReading) -> Outcome:
    """Return what became of a turn."""
    if turn.text is None:
        return "failed"
    if turn.refused or turn.answer == "refused" or (not turn.asserted and _declines(turn.text)):
        return "refused"
    if turn.truncated:
        return "truncated"
    hedged = bool(turn.claims) and not turn.asserted
    if turn.answer == "uncertain" or (turn.turn.answer_type in ("concept", "text") and hedged):
        return "uncertain"
    if turn.turn.answer_type in _PARSED_TYPES and not turn.parseable:
        return "unparseable"
    return "answered"


def outcome_views(reading: DialogueReading) -> list[Score]:
    """Return the turns refused, cut off and left uncertain, over all turns."""
    found = reading.outcomes
    return [
        ratio(f"{name}_turns", found.count(name), len(found))
        for name in ("refused", "truncated", "uncertain")
    ]


def outcome_counts(reading: DialogueReading) -> Counter[tuple[str, Outcome]]:
    """Return how many turns of each outcome each measure reads: by measure and outcome."""
    conclusions = [t.turn for t in reading.turns if t.turn.step == "diagnosis"]
    resting = {number for turn in conclusions for number in turn.supports}
    counts: Counter[tuple[str, Outcome]] = Counter()
    for turn, found in zip(reading.turns, reading.outcomes, strict=True):
        asked, lexicon = turn.turn, reading.lexicon
        reads = {
            "turn_accuracy": turn.score is not None,
            "visual_consistency": turn.hit is not None,
            "reasoning_coherence": bool(conclusions)
            and (asked.step is not None or asked.turn in resting),
            "hallucination_rate": any(is_checkable(c.concept, lexicon) for c in asked.claims),
        }
        counts.update((measure, found) for measure, counted in reads.items() if counted)
    return counts


def bounds(
    reading: DialogueReading,
    measures: Sequence[Callable[[DialogueReading], Score]],
    scores: Sequence[Score],
) -> Iterator[Score]:
    """Yield ``<measure>_best`` and ``<measure>_worst``; a turn with an answer counts as it is.

    ``scores``: what the measures give for the reading itself.
    """
    states = zip(reading.turns, reading.outcomes, strict=True)
    left_open = {t.turn.turn for t, state in states if state != "answered"}
    for name, right in (("best", True), ("worst", False)):
        supposed = scores
        if left_open:
            turns = tuple(
                _supposed(t, reading, right) if t.turn.turn in left_open else t
                for t in reading.turns
            )
            other = _reread(reading, turns)
            supposed = [measure(other) for measure in measures]
        yield from (replace(score, metric=f"{score.metric}_{name}") for score in supposed)


def _supposed(turn: TurnReading, reading: DialogueReading, right: bool) -> TurnReading:
    """Return the turn as if it had been answered as the expert did, or as the opposite."""
    claims = tuple(_judged(c, reading, right) for c in turn.turn.claims)
    score = None if turn.score is None else float(right)
    hit = None if turn.hit is None else right
    box = turn.region.box if turn.region is not None and right and turn.hit is not None else None
    return replace(turn, claims=claims, asserted=claims, score=score, hit=hit, box=box)


def _judged(claim: Claim, reading: DialogueReading, right: bool) -> JudgedClaim:
    made = claim if right else replace(claim, present=not claim.present, change=None)
    counts = is_checkable(claim.concept, reading.lexicon)
    return JudgedClaim(
        assertion=Assertion(claim=made, certainty="certain", start=-1, end=-1, revised=False),
        verdict=("supported" if right else "contradicted") if counts else None,
        fault=None,
    )


def _reread(reading: DialogueReading, turns: tuple[TurnReading, ...]) -> DialogueReading:
    subjects, contradictions = find_contradictions(
        turns, reading.dialogue.findings, reading.lexicon
    )
    return replace(reading, turns=turns, subjects=subjects, contradictions=contradictions)
