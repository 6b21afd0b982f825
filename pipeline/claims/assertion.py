"""What a text asserts: one claim, its position in the text, and whether it is certain.

In: a mention with its status, places and change. Out: one ``Assertion`` per concept and place.
"""

from dataclasses import dataclass
from typing import Literal

from actors.schema import Claim
from pipeline.claims.matcher import Mention
from pipeline.claims.tokens import Tokens
from pipeline.dataset.lexicon import Lexicon

Certainty = Literal["certain", "uncertain"]
RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True, slots=True)
class Assertion:
    """One claim of an answer.

    ``certainty``: what is merely possible is ``uncertain``, what is probable ``certain``. ``start``
    and ``end`` are the characters of the mention in the text, -1 where a bare yes or no implies the
    claim. ``revised``: its sentence corrects an earlier statement, in so many words.
    ``normality``: denied by a statement that something is normal, not by name.
    """

    claim: Claim
    certainty: Certainty
    start: int
    end: int
    revised: bool
    normality: bool = False


def spell_out(mention: Mention, tokens: Tokens, lexicon: Lexicon) -> list[Assertion]:
    """Return the claims of one mention.

    What has resolved is no longer present: ``present`` is false and the change is kept. Any other
    change of something denied is dropped ("no new consolidation" denies the consolidation).
    """
    implied = mention.lo < 0
    change = mention.change
    resolved = change is not None and RESOLVED in (change, lexicon.concepts[change].name.lower())
    denied = mention.neg
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
            certainty="uncertain" if mention.uncertain else "certain",
            start=-1 if implied else tokens.starts[mention.lo],
            end=-1 if implied else tokens.ends[mention.hi - 1],
            revised=mention.revised,
            normality=mention.normality,
        )
        for claim in claims
    ]
