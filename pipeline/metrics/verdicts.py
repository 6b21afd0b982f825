"""How a claim meets the closed-world annotation of its dialogue.

In: the assertions of one turn, the findings, and whether a prior image has been shown.
Out: judged claims. The rules are docs/measures.md, "Claims against the annotation".
"""

from collections.abc import Sequence
from dataclasses import replace

from actors.schema import Claim, Finding
from pipeline.claims import Assertion
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.base import ClaimVerdict, Fault, JudgedClaim, compatible, lies_in

_COUNTED_KINDS = ("finding", "change", "diagnosis")


def judge_claims(
    assertions: Sequence[Assertion],
    findings: Sequence[Finding],
    lexicon: Lexicon,
    prior_shown: bool,
) -> tuple[JudgedClaim, ...]:
    """Judge the distinct claims of one turn, in the order of the text."""
    judged = []
    for assertion in _distinct(assertions):
        verdict: ClaimVerdict | None = None
        fault: Fault | None = None
        if assertion.certainty == "certain" and is_checkable(assertion.claim.concept, lexicon):
            claim = assertion.claim
            if _is_bare_change(claim, lexicon):
                verdict, fault = _meet_bare_change(claim, findings, prior_shown)
            else:
                verdict, fault = meet(claim, findings, lexicon, prior_shown)
            if assertion.normality and verdict == "unverifiable":
                verdict = None  # "the lungs are clear" names no finding that could be checked
        judged.append(JudgedClaim(assertion=assertion, verdict=verdict, fault=fault))
    return tuple(judged)


def is_checkable(concept: str, lexicon: Lexicon) -> bool:
    """Return whether an image can support a claim of a concept: finding, change, some diagnoses."""
    known = lexicon.concepts.get(concept)
    return known is not None and known.checkable and known.kind in _COUNTED_KINDS


def meet(
    claim: Claim, findings: Sequence[Finding], lexicon: Lexicon, prior_shown: bool
) -> tuple[ClaimVerdict, Fault | None]:
    """Compare one claim with the findings.

    Affirmed: supported if a present row of the concept agrees in site and change wherever both
    sides name one (a place that the row's is part of agrees, too). Denied: supported if no present
    row agrees in site. Resolved: supported by a row alone that names the change.
    Without any row of the concept: unverifiable. A change claimed before a prior image was shown:
    contradicted.
    """
    if claim.change is not None and not prior_shown:
        return "contradicted", "change_without_prior"
    rows = [f for f in findings if f.concept == claim.concept]
    if not rows:
        return "unverifiable", None
    placed = [f for f in rows if lies_in(f.site, claim.site, lexicon)]
    here = [f for f in placed if f.present]
    if claim.change is not None and not claim.present:
        if any(f.change == claim.change for f in placed):
            return "supported", None
        return "contradicted", "false_denial" if here else "wrong_change"
    if not claim.present:
        return ("contradicted", "false_denial") if here else ("supported", None)
    if any(compatible(f.change, claim.change) for f in here):
        return "supported", None
    if here:
        return "contradicted", "wrong_change"
    return "contradicted", "wrong_site" if any(f.present for f in rows) else "false_finding"


def _is_bare_change(claim: Claim, lexicon: Lexicon) -> bool:
    """Return whether a claim is of the change itself ("it has grown") and names no finding."""
    return lexicon.concepts[claim.concept].kind == "change"


def _meet_bare_change(
    claim: Claim, findings: Sequence[Finding], prior_shown: bool
) -> tuple[ClaimVerdict, Fault | None]:
    """Compare a change of no named finding with every finding whose change was assessed."""
    if not prior_shown:
        return "contradicted", "change_without_prior"
    rows = [f for f in findings if f.change is not None]
    if not rows:
        return "unverifiable", None
    if any(f.change == claim.concept for f in rows) == claim.present:
        return "supported", None
    return "contradicted", "wrong_change"


def _distinct(assertions: Sequence[Assertion]) -> list[Assertion]:
    """Keep each claim once per turn and certainty, revised if it was revised anywhere.

    An implied claim (a bare yes) is one with an explicit claim of its concept and polarity.
    """
    explicit = {(a.claim.concept, a.claim.present, a.certainty) for a in assertions if a.start >= 0}
    kept: dict[tuple[Claim, str], Assertion] = {}
    for a in assertions:
        if a.start < 0 and (a.claim.concept, a.claim.present, a.certainty) in explicit:
            continue
        first = kept.get((a.claim, a.certainty))
        if first is None:
            kept[a.claim, a.certainty] = a
        elif a.revised and not first.revised:
            kept[a.claim, a.certainty] = replace(first, revised=True)
    return list(kept.values())
