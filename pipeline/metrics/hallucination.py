"""hallucination_rate: unsupported claims over image-checkable claims.

In: a reading. Out: the headline row (strict: contradicted and unverifiable claims count), the
lenient rate, and the rates by kind of fault.
"""

from pipeline.metrics.base import FAULTS, DialogueReading, JudgedClaim, Score, ratio

METRIC = "hallucination_rate"


def hallucination_rate(reading: DialogueReading) -> Score:
    """Return the strict rate.

    Unscored: a dialogue in which the model claims nothing, and one whose findings are incomplete,
    where a claim that nobody assessed may well be true; the lenient rate remains.
    """
    if not reading.dialogue.findings_complete:
        return ratio(METRIC, 0, 0, "findings are incomplete: the lenient rate alone")
    claims = checkable(reading)
    unsupported = sum(c.verdict != "supported" for c in claims)
    return ratio(METRIC, unsupported, len(claims), "no checkable claim")


def hallucination_views(reading: DialogueReading) -> list[Score]:
    """Return the lenient rate (no unverifiable claims), and each kind of fault over all claims."""
    claims = checkable(reading)
    contradicted = [c for c in claims if c.verdict == "contradicted"]
    unverifiable = sum(c.verdict == "unverifiable" for c in claims)
    rows = [
        ratio("hallucination_rate_lenient", len(contradicted), len(claims) - unverifiable),
        ratio("hallucination_unverifiable", unverifiable, len(claims)),
    ]
    rows += [
        ratio(f"hallucination_{fault}", sum(c.fault == fault for c in contradicted), len(claims))
        for fault in FAULTS
    ]
    return rows


def checkable(reading: DialogueReading) -> list[JudgedClaim]:
    """Return the claims that count: certain, and of a concept that an image can support."""
    return [c for t in reading.turns for c in t.claims if c.verdict is not None]
