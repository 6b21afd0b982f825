"""Each annotated finding as the model read it: for counts of true and false by finding.

In: a reading. Out: one row per finding that is present, and one per concept that is absent, with
what the model said of it by the end of the dialogue.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from actors.schema import Dialogue, Finding
from pipeline.dataset.lexicon import Severity
from pipeline.metrics.base import DialogueReading, JudgedClaim, lies_in
from pipeline.metrics.verdicts import is_checkable

FindingOutcome = Literal["tp", "fn", "fp", "tn", "uncertain", "not_mentioned"]
FINDING_OUTCOMES: tuple[FindingOutcome, ...] = get_args(FindingOutcome)
Size = Literal["small", "medium", "large", "unknown"]
SMALL, MEDIUM = 0.02, 0.1  # largest share of the image that a small, a medium region covers


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingRead:
    """A finding and its outcome; ``size`` is that of its region, for present ones."""

    concept: str
    present: bool
    site: str | None
    size: Size
    severity: Severity | None
    outcome: FindingOutcome


def finding_outcomes(reading: DialogueReading) -> Iterator[FindingRead]:
    """Yield the outcome of every checkable finding of the annotation.

    Of several certain claims about a finding the last one counts. A present finding is found
    (``tp``) where it is affirmed at its site, or at none; denied, or affirmed elsewhere alone, it
    is missed (``fn``). A concept with no present row is a false alarm (``fp``) where it is
    affirmed.
    """
    said: dict[str, list[JudgedClaim]] = {}
    for turn in reading.turns:
        for judged in turn.claims:
            said.setdefault(judged.claim.concept, []).append(judged)
    present = {f.concept for f in reading.dialogue.findings if f.present}
    absent: set[str] = set()
    for finding in reading.dialogue.findings:
        concept = finding.concept
        if not finding.present and (concept in present or concept in absent):
            continue
        if not is_checkable(concept, reading.lexicon):
            continue
        if not finding.present:
            absent.add(concept)
        yield FindingRead(
            concept=concept,
            present=finding.present,
            site=finding.site if finding.present else None,
            size=_size(finding, reading.dialogue) if finding.present else "unknown",
            severity=reading.lexicon.severity(concept),
            outcome=_outcome(finding, said.get(concept, ()), reading),
        )


def _outcome(
    finding: Finding, claims: Sequence[JudgedClaim], reading: DialogueReading
) -> FindingOutcome:
    certain = [c.claim for c in claims if c.certain]
    if not certain:
        return "uncertain" if claims else "not_mentioned"
    if not finding.present:
        return "fp" if certain[-1].present else "tn"
    here = [c for c in certain if lies_in(finding.site, c.site, reading.lexicon)]
    return "tp" if here and here[-1].present else "fn"


def _size(finding: Finding, dialogue: Dialogue) -> Size:
    """Return how large the finding's region is on the current image, else on the one it is on."""
    regions = [r for r in dialogue.regions if r.referent_id == finding.referent_id]
    if finding.referent_id is None or not regions:
        return "unknown"
    region = next((r for r in regions if r.image_id == finding.image_id), regions[0])
    image = dialogue.image(region.image_id)
    x0, y0, x1, y1 = region.box
    share = (x1 - x0) * (y1 - y0) / (image.width * image.height)
    return "small" if share <= SMALL else "medium" if share <= MEDIUM else "large"
