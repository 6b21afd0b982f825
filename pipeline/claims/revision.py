"""Corrections within one answer, and claims that state the same thing twice.

In: the items of a sentence, or the assertions of an answer in order. Out: what still stands.
"""

from dataclasses import replace

from pipeline.claims.assertion import Assertion
from pipeline.claims.matcher import LexicalItem, Mention, Trigger, matcher_for
from pipeline.claims.sentences import split
from pipeline.claims.tokens import tokenise
from pipeline.dataset.lexicon import Lexicon


def take_back(items: list[LexicalItem], earlier: list[Mention]) -> None:
    """Withdraw what a slip named: "a nodule, sorry, a mass" asserts only the mass.

    ``earlier``: the findings of the sentence before, for one that opens with the correction.
    """
    for n, item in enumerate(items):
        if not (isinstance(item, Trigger) and "correct" in item.categories):
            continue
        right = next((m for m in items[n + 1 :] if isinstance(m, Mention)), None)
        if right is None:
            continue
        for left in reversed(items[:n] or earlier):
            if isinstance(left, Mention) and _same_sort(left, right):
                left.skip = True
                break


def revises(items: list[LexicalItem], start: int) -> bool:
    """Return whether the sentence from token ``start`` corrects an earlier statement."""
    return any(
        "revise" in item.categories or ("correct" in item.categories and item.lo == start)
        for item in items
        if isinstance(item, Trigger)
    )


def settle(assertions: list[Assertion], lexicon: Lexicon) -> tuple[Assertion, ...]:
    """Reduce an answer to distinct claims, in the order in which they were first made.

    A claim that states less than another of the same concept, polarity and certainty is part of it;
    a revision removes what it contradicts; an implied yes or no yields to explicit words, and a
    statement of normality to words about the concept itself.
    """
    kept: list[Assertion] = []
    for new in assertions:
        if new.revised:
            kept = [old for old in kept if not _revoked(old, new, lexicon)]
        _add(kept, new)
    stated = [a for a in kept if a.start >= 0]
    named = [a for a in stated if not a.normality]
    if len(named) == len(kept):
        return tuple(kept)
    return tuple(
        a
        for a in kept
        if (a.start >= 0 and not a.normality) or not _yields(a, named if a.normality else stated)
    )


def _yields(implied: Assertion, explicit: list[Assertion]) -> bool:
    """Return whether a claim gives way to one of its concept that is stated more openly."""
    site = implied.claim.site
    return any(
        a.claim.concept == implied.claim.concept
        and (not implied.normality or None in (site, a.claim.site) or site == a.claim.site)
        for a in explicit
    )


def _add(kept: list[Assertion], new: Assertion) -> None:
    for n, old in enumerate(kept):
        same = old.claim.concept == new.claim.concept and old.claim.present == new.claim.present
        if not same or old.certainty != new.certainty or old.start < 0 <= new.start:
            continue
        if old.claim == new.claim or (new.claim.present and _covers(old, new)):
            return
        if new.claim.present and _covers(new, old):
            kept[n] = replace(new, start=old.start, end=old.end, revised=old.revised or new.revised)
            return
    kept.append(new)


def _covers(wide: Assertion, narrow: Assertion) -> bool:
    """Return whether ``wide`` states all that ``narrow`` states."""
    return narrow.claim.site in (None, wide.claim.site) and narrow.claim.change in (
        None,
        wide.claim.change,
    )


def _revoked(old: Assertion, new: Assertion, lexicon: Lexicon) -> bool:
    if old.revised:
        return False
    if old.claim.concept == new.claim.concept:
        return old.claim.present != new.claim.present
    both = old.claim.present and new.claim.present
    return both and lexicon.exclusive(old.claim.concept, new.claim.concept)


def _same_sort(left: Mention, right: Mention) -> bool:
    return left.kind == right.kind or (left.is_target and right.is_target)


def declares_revision(text: str, lexicon: Lexicon) -> bool:
    """Return whether any sentence of an answer corrects an earlier statement in so many words."""
    tokens = tokenise(text)
    matcher = matcher_for(lexicon)
    return any(
        revises(matcher.items(tokens.words, sentence.lo, sentence.hi), sentence.lo)
        for sentence in split(tokens)
    )
