"""Where a model contradicts itself across the turns of one dialogue.

In: the judged turns and the annotation. Out: the subjects claimed at two turns or more, and the
pairs of claims that cannot both hold.
"""

from collections.abc import Sequence

from actors.schema import Claim, Finding
from pipeline.claims import declares_revision
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.base import Contradiction, JudgedClaim, TurnReading, agree, compatible
from pipeline.metrics.verdicts import meet

_KINDS = ("finding", "attribute", "diagnosis")  # sites and changes belong to these

ClaimAtTurn = tuple[TurnReading, JudgedClaim]


def find_contradictions(
    turns: Sequence[TurnReading], findings: Sequence[Finding], lexicon: Lexicon
) -> tuple[frozenset[str], tuple[Contradiction, ...]]:
    """Find the subjects claimed at two turns or more, and every contradiction about them.

    A subject is a concept, or its group where the lexicon puts it into one: the concepts of a
    group are the values of one thing.
    """
    by_subject: dict[str, list[ClaimAtTurn]] = {}
    for reading in turns:
        for judged in reading.asserted:
            if _kind(judged.claim, lexicon) in _KINDS:
                by_subject.setdefault(subject(judged.claim, lexicon), []).append((reading, judged))
    repeated = {
        name: claims
        for name, claims in by_subject.items()
        if len({r.turn.turn for r, _ in claims}) > 1
    }
    expert = [claim for reading in turns for claim in reading.turn.claims]
    search = _Search(expert, findings, lexicon)
    contradictions = (c for name, claims in repeated.items() for c in search.find(name, claims))
    return frozenset(repeated), tuple(contradictions)


class _Search:
    """Compares the claims about one subject after the other, in one dialogue."""

    def __init__(
        self, expert: Sequence[Claim], findings: Sequence[Finding], lexicon: Lexicon
    ) -> None:
        self._expert, self._findings, self._lexicon = expert, findings, lexicon

    def find(self, name: str, claims: Sequence[ClaimAtTurn]) -> list[Contradiction]:
        """Compare each claim with those that still stand.

        A revision that is forgiven withdraws the earlier claim; one turn alone per subject is.
        """
        contradictions: list[Contradiction] = []
        standing: list[ClaimAtTurn] = []
        forgiven_at: int | None = None
        for later in claims:
            clashing = [
                earlier
                for earlier in standing
                if earlier[0] is not later[0] and conflict(earlier, later, self._lexicon)
            ]
            turn = later[0].turn.turn
            may_be = clashing and forgiven_at in (None, turn) and self._supported(later[1])
            forgiven = bool(may_be) and self._revises(later)
            revised = forgiven or later[1].assertion.revised
            if forgiven:
                forgiven_at = turn
                standing = [e for e in standing if not any(e is c for c in clashing)]
            contradictions += [
                _contradiction(name, earlier, later, (revised, forgiven)) for earlier in clashing
            ]
            standing.append(later)
        return contradictions

    def _revises(self, later: ClaimAtTurn) -> bool:
        """Return whether the answer declares a correction, anywhere in it."""
        reading, judged = later
        return judged.assertion.revised or declares_revision(reading.text or "", self._lexicon)

    def _supported(self, judged: JudgedClaim) -> bool:
        """Return whether findings support the claim; what they do not assess, the expert's claims.

        Attributes and diagnoses are often annotated by the expert's claims alone.
        """
        verdict = judged.verdict
        if verdict is None:
            verdict, _ = meet(judged.claim, self._findings, self._lexicon, True)
        if verdict == "unverifiable":
            return any(agree(judged.claim, claim, self._lexicon) for claim in self._expert)
        return verdict == "supported"


def subject(claim: Claim, lexicon: Lexicon) -> str:
    """Name what a claim is about: its concept's group, or the concept where it has none."""
    concept = lexicon.concepts.get(claim.concept)
    return concept.group if concept is not None and concept.group is not None else claim.concept


def contradicts(a: Claim, b: Claim, lexicon: Lexicon) -> bool:
    """Return whether two claims cannot both hold.

    They are about the same thing unless both name a site and the sites differ. Then opposite
    polarity of one concept contradicts, as do two affirmed concepts of one group and two affirmed
    changes of one group. "It has resolved" is a denial of what was present before: it
    contradicts no plain affirmation.
    """
    if not compatible(a.site, b.site):
        return False
    if a.concept != b.concept:
        return a.present and b.present and lexicon.exclusive(a.concept, b.concept)
    if a.present != b.present:
        denied, affirmed = (b, a) if a.present else (a, b)
        return denied.change is None or affirmed.change is not None
    if not a.present or a.change is None or b.change is None:
        return False
    return lexicon.exclusive(a.change, b.change)


def conflict(earlier: ClaimAtTurn, later: ClaimAtTurn, lexicon: Lexicon) -> bool:
    """Return whether two claims of two turns contradict each other.

    As ``contradicts``, less the values of two different referents, as the questions name them:
    one nodule may be smooth and the other not.
    """
    (first, a), (second, b) = earlier, later
    if not contradicts(a.claim, b.claim, lexicon):
        return False
    one, other = first.turn.referent_id, second.turn.referent_id
    if one is None or other is None or one == other:
        return True
    values = a.claim.present and b.claim.present
    return not (values or _kind(a.claim, lexicon) == "attribute")


def _kind(claim: Claim, lexicon: Lexicon) -> str | None:
    concept = lexicon.concepts.get(claim.concept)
    return concept.kind if concept is not None else None


def _contradiction(
    name: str, earlier: ClaimAtTurn, later: ClaimAtTurn, status: tuple[bool, bool]
) -> Contradiction:
    revised, forgiven = status
    return Contradiction(
        subject=name,
        earlier_turn=earlier[0].turn.turn,
        earlier=earlier[1].claim,
        later_turn=later[0].turn.turn,
        later=later[1].claim,
        revised=revised,
        forgiven=forgiven,
    )
