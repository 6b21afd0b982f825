"""What a text asserts: one claim with where it stands and how firmly it is put.

In: a mention with its status, places and change. Out: one ``Assertion`` per concept and place.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from actors.schema import Claim
from pipeline.claims.context import POSSIBLE
from pipeline.claims.matcher import Mention
from pipeline.claims.tokens import Tokens
from pipeline.dataset.lexicon import Lexicon

Certainty = Literal["certain", "uncertain"]
Grade = Literal["definite", "probable", "possible"]
_RESOLVED = "resolved"
GRADES: tuple[Grade, ...] = ("definite", "probable", "possible")


@dataclass(frozen=True, kw_only=True, slots=True)
class Assertion:
    """One claim of an answer.

    ``kind`` is the concept's kind, or ``change`` where only a change of the asked concept is
    stated. ``certainty`` is ``uncertain`` for grade ``possible`` alone. ``start`` and ``end`` are
    the characters of the mention in the text, -1 where a bare yes or no implies the claim.
    ``revised``: its sentence says that it corrects something stated before.
    """

    claim: Claim
    kind: str
    certainty: Certainty
    grade: Grade
    start: int
    end: int
    revised: bool


class SettledMention(NamedTuple):
    """A mention that may become a claim, and whether its sentence revises an earlier statement."""

    mention: Mention
    kind: str
    revised: bool


def spell_out(settled: SettledMention, tokens: Tokens, lexicon: Lexicon) -> list[Assertion]:
    """Return the claims of one mention.

    What has resolved is there no more: ``present`` is false and the change is kept. Any other
    change of something denied is dropped ("no new consolidation" denies the consolidation).
    """
    mention = settled.mention
    implied = mention.lo < 0
    change = mention.change
    resolved = change is not None and _RESOLVED in (change, lexicon.concepts[change].name.lower())
    denied = mention.neg or mention.site_neg
    claims = [
        Claim(
            concept=concept,
            present=not denied and not resolved,
            site=site,
            change=change if resolved or not denied else None,
        )
        for concept in mention.ids
        for site in mention.sites or (None,)
    ]
    return [
        Assertion(
            claim=claim,
            kind=settled.kind,
            certainty="uncertain" if mention.grade == POSSIBLE else "certain",
            grade=GRADES[mention.grade],
            start=-1 if implied else tokens.starts[mention.lo],
            end=-1 if implied else tokens.ends[mention.hi - 1],
            revised=settled.revised,
        )
        for claim in claims
    ]
