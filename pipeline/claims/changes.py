"""What a wording of change is about: a finding, what was asked, or something else.

In: one clause and a mention of a change ("stable", "has grown"). Out: whether it compares over time
at all, and whether it has a noun of its own that the lexicon does not know: "the mediastinum is
stable" and "worsened lung volumes" say nothing about a finding named elsewhere.
"""

from pipeline.claims.clauses import VERBS, Clause
from pipeline.claims.matcher import Mention, Trigger
from pipeline.claims.triggers import word_set

_EARLIER = word_set("earlier")
_GENERIC = word_set("generic")  # nouns that stand for the finding in question
_AROUND = word_set("around_change")  # words that may stand beside a change and name nothing
_LINKS = word_set("links_change")
_PRONOUNS = frozenset(("it", "this", "they", "these", "that", "both", "all", "which", "there"))
_QUANTITIES = frozenset(("more", "fewer", "less"))
_WITHIN = 12  # tokens after "than" in which an earlier time may be named


def compares_over_time(words: list[str], change: Mention, hi: int) -> bool:
    """Return whether a comparative has a time to compare with, and not a size or another thing.

    "Larger than 3 cm" and "larger than the left one" are no changes, "larger than before" and
    "fewer drusen than last year" are.
    """
    following = words[change.hi : hi]
    if following[:1] != ["than"] and words[change.hi - 1] not in _QUANTITIES:
        return True
    if "than" not in following:
        return False
    at = following.index("than") + 1
    return not _EARLIER.isdisjoint(following[at : at + _WITHIN])


def has_own_subject(words: list[str], clause: Clause, change: Mention) -> bool:
    """Return whether the change of a clause without findings speaks about a noun of the clause."""
    before = words[clause.lo : change.lo]
    if any(w.isalpha() and not _names_nothing(w) for w in before):
        return True
    return modifies_noun(words, clause, change)


def modifies_noun(words: list[str], clause: Clause, change: Mention) -> bool:
    """Return whether a noun that is no finding follows the change ("increased lung volumes")."""
    for i in range(change.hi, clause.hi):
        word = words[i]
        known = next((m for m in clause.mentions if m.lo <= i < m.hi), None)
        if known is not None:
            return known.kind == "site" and not _follows_place(words, change, known)
        if word in _GENERIC or not word.isalpha() or word in VERBS:
            return False
        if word in _LINKS:
            continue
        return word not in _AROUND
    return False


def leads_to(words: list[str], clause: Clause, change: Mention, target: Mention) -> bool:
    """Return whether only words that name nothing stand between a change and a later finding."""
    taken = {
        i for item in clause.items if not isinstance(item, Trigger) for i in range(item.lo, item.hi)
    }
    return all(
        i in taken or words[i] in _LINKS or words[i] in _AROUND or words[i] in _GENERIC
        for i in range(change.hi, target.lo)
    )


def _names_nothing(word: str) -> bool:
    return word in _PRONOUNS or word in _GENERIC or word in _AROUND or word in VERBS


def _follows_place(words: list[str], change: Mention, site: Mention) -> bool:
    """Return whether the site is a place ("stable in the left lung"), and not what is stable."""
    return not {"in", "at", "on", "within"}.isdisjoint(words[change.hi : site.lo])
