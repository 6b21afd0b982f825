"""Claims that are counted apart: those that no headline rate holds against the model.

In: a reading. Out: rows for findings that the dataset's lexicon does not know, and for attributes
of an exclusive group that are not what the annotation says.
"""

import re
from collections.abc import Iterator, Sequence

from actors.schema import Claim, Finding
from pipeline.claims import Assertion, extract_assertions, packaged_lexicon
from pipeline.claims.matcher import forms
from pipeline.claims.tokens import stem
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.base import DialogueReading, Score, ratio
from pipeline.metrics.hallucination import checkable
from pipeline.metrics.verdicts import meet

_WORD = re.compile(r"[^\W\d_]+")
_MAX_KEPT = 8


def claims_apart(reading: DialogueReading) -> list[Score]:
    """Return ``unlisted_findings`` over all checkable claims, and ``attribute_errors``."""
    unlisted = sum(1 for _ in unlisted_claims(reading))
    known = len(checkable(reading))
    attributes = list(_attributes(reading))
    rows = _annotation(reading) if attributes else []
    wrong = (_is_wrong(claim, rows, reading.lexicon) for claim in attributes)
    judged = [one for one in wrong if one is not None]
    return [
        ratio("unlisted_findings", unlisted, unlisted + known),
        ratio("attribute_errors", sum(judged), len(judged)),
    ]


def unlisted_claims(reading: DialogueReading) -> Iterator[Assertion]:
    """Yield the certain claims, distinct per turn, of findings that only the packaged lexicon has.

    What the dataset's own lexicon reads in the same words is no unlisted finding.
    """
    unlisted = _unlisted_for(reading.lexicon)
    for turn in reading.turns:
        if turn.text is None or not unlisted.may_be_in(turn.text):
            continue
        own = [(c.assertion.start, c.assertion.end) for c in turn.claims]
        for a in extract_assertions(turn.text, unlisted.lexicon):
            overlaps = any(start < a.end and a.start < end for start, end in own)
            if a.claim.concept in unlisted.ids and a.certainty == "certain" and not overlaps:
                yield a


class _Unlisted:
    """The findings of the packaged clinical lexicon that another lexicon has no form of."""

    def __init__(self, own: Lexicon) -> None:
        known = {form for concept in own.concepts.values() for form in forms(concept)}
        new = {
            concept.id: concept
            for concept in packaged_lexicon("clinical").concepts.values()
            if concept.kind == "finding"
            and concept.id not in own.concepts
            and not known.intersection(forms(concept))
        }
        self.ids = frozenset(new)
        self.lexicon = Lexicon({**own.concepts, **new})
        self._by_last_word: dict[str, list[frozenset[str]]] = {}
        for concept in new.values():
            for form in forms(concept):
                self._by_last_word.setdefault(form[-1], []).append(frozenset(form))

    def may_be_in(self, text: str) -> bool:
        """Return whether all words of one form are in a text: cheap, and rarely true."""
        words = {stem(word) for word in _WORD.findall(text.lower())}
        last = self._by_last_word.keys() & words
        return any(form <= words for word in last for form in self._by_last_word[word])


_kept: dict[int, tuple[Lexicon, _Unlisted]] = {}


def _unlisted_for(lexicon: Lexicon) -> _Unlisted:
    """Compile once per lexicon; the cache holds the lexicon, so its identity stays its own."""
    entry = _kept.get(id(lexicon))
    if entry is None:
        while len(_kept) >= _MAX_KEPT:
            _kept.pop(next(iter(_kept)), None)
        entry = _kept[id(lexicon)] = (lexicon, _Unlisted(lexicon))
    return entry[1]


def _attributes(reading: DialogueReading) -> Iterator[Claim]:
    """Yield the certain claims of attributes that belong to an exclusive group."""
    for turn in reading.turns:
        for judged in turn.asserted:
            concept = reading.lexicon.concepts.get(judged.claim.concept)
            if concept is not None and concept.kind == "attribute" and concept.group is not None:
                yield judged.claim


def _annotation(reading: DialogueReading) -> list[Finding]:
    """Return the findings, and what the expert's claims add to them."""
    said = (claim for t in reading.turns for claim in t.turn.claims)
    return [*reading.dialogue.findings, *(_row(claim) for claim in said)]


def _is_wrong(claim: Claim, rows: Sequence[Finding], lexicon: Lexicon) -> bool | None:
    """Return whether the annotation contradicts an attribute; None where it says nothing of it.

    Where it names another value of the group alone, an affirmed value is wrong.
    """
    verdict, _ = meet(claim, rows, lexicon, prior_shown=True)
    if verdict != "unverifiable":
        return verdict == "contradicted"
    others = any(r.present and lexicon.exclusive(claim.concept, r.concept) for r in rows)
    return claim.present if others else None


def _row(claim: Claim) -> Finding:
    return Finding(
        concept=claim.concept, present=claim.present, site=claim.site, change=claim.change
    )
