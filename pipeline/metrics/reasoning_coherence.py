"""reasoning_coherence: (R + S) / 2 x (1 - C) per dialogue that has a diagnosis turn.

In: a reading. Out: the headline row, whose numerator is that value and whose denominator is 1, so
that the metric is the mean over dialogues. R: how much of the expert's line of claims the model
followed; S: whether a right diagnosis rests on the model's own claims; C: how much of what it
claimed twice it contradicted.
"""

from dataclasses import dataclass

from actors.schema import Claim
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.base import DialogueReading, Score, TurnReading, ratio, says
from pipeline.metrics.common_order import longest_common
from pipeline.metrics.contradictions import ClaimAtTurn, conflict

METRIC = "reasoning_coherence"


@dataclass(frozen=True, slots=True)
class Coherence:
    """The parts of the measure; R or S is None where the expert gives nothing to compare with.

    ``value`` is None without a diagnosis turn, or with neither R nor S.
    """

    recall: float | None
    support: float | None
    contradiction: float
    value: float | None
    reason: str = ""


def reasoning_coherence(reading: DialogueReading) -> Score:
    """Score one dialogue; without a diagnosis turn it is unscored."""
    parts = coherence(reading)
    if parts.value is None:
        return ratio(METRIC, 0, 0, parts.reason)
    return ratio(METRIC, parts.value, 1)


def coherence(reading: DialogueReading) -> Coherence:
    """Return R, S and C, and the value that they give."""
    c = contradiction(reading)
    diagnoses = [t for t in reading.turns if t.turn.step == "diagnosis"]
    if not diagnoses:
        return Coherence(None, None, c, None, "no diagnosis turn")
    r = _recall(reading)
    supports = [s for s in (_support(reading, d) for d in diagnoses) if s is not None]
    s = sum(supports) / len(supports) if supports else None
    given = [part for part in (r, s) if part is not None]
    if not given:
        return Coherence(None, None, c, None, "the expert gives neither step claims nor supports")
    return Coherence(r, s, c, sum(given) / len(given) * (1 - c))


def contradiction(reading: DialogueReading) -> float:
    """Return C: of the subjects claimed at two turns or more, the share contradicted for good."""
    if not reading.subjects:
        return 0.0
    return len(contradicted_subjects(reading)) / len(reading.subjects)


def contradicted_subjects(reading: DialogueReading) -> frozenset[str]:
    """Return the subjects with a contradiction that no forgiven revision covers."""
    return frozenset(c.subject for c in reading.contradictions if not c.forgiven)


def _recall(reading: DialogueReading) -> float | None:
    """Return R: longest common subsequence of expert's and model's claims over the expert's claims.

    The order that counts is that of the turns; within one turn it is free on both sides.
    """
    expert = [t.turn.claims for t in reading.turns if t.turn.step is not None and t.turn.claims]
    if not expert:
        return None
    own = [[j.claim for j in t.asserted] for t in reading.turns]
    return longest_common(expert, own, reading.lexicon) / sum(map(len, expert))


def _support(reading: DialogueReading, diagnosis: TurnReading) -> float | None:
    """Return S: the diagnosis turn's score times the share of its supporting claims that stand.

    A supporting claim stands where the model asserted it before the diagnosis and did not
    contradict it afterwards. None where the expert names no supporting claims.
    """
    supporting = [
        claim
        for t in reading.turns
        if t.turn.turn in diagnosis.turn.supports
        for claim in t.turn.claims
    ]
    if not supporting:
        return None
    asserted = [(t, j) for t in reading.turns for j in t.asserted]
    stands = sum(
        _stands(claim, asserted, diagnosis.turn.turn, reading.lexicon) for claim in supporting
    )
    return (diagnosis.score or 0.0) * stands / len(supporting)


def _stands(
    claim: Claim, asserted: list[ClaimAtTurn], diagnosis_turn: int, lexicon: Lexicon
) -> bool:
    return any(
        turn.turn.turn < diagnosis_turn
        and says(own.claim, claim, lexicon)
        and not any(conflict((turn, own), later, lexicon) for later in asserted[n + 1 :])
        for n, (turn, own) in enumerate(asserted)
    )
