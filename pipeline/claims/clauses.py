"""Where a scope ends: sentences cut into clauses.

In: the words and items of one sentence. Out: clauses, each with its own words and items. A clause
ends at a terminator ("but", ``;``) and at a comma, dash or "and" where a new statement starts:
both sides have a predicate of their own, or the right side restarts after a denial or a hedge.
Text without punctuation ends one where a denied finding is followed by a new noun phrase.
"""

from typing import NamedTuple

from pipeline.claims.matcher import LexicalItem, Mention, Trigger
from pipeline.claims.triggers import word_set


class Clause(NamedTuple):
    """Token range ``[lo, hi)`` with its items; ``joined``: cut at a comma or "and"."""

    lo: int
    hi: int
    items: list[LexicalItem]
    joined: bool

    @property
    def mentions(self) -> list[Mention]:
        """The mentions among the items."""
        return [item for item in self.items if isinstance(item, Mention)]


VERBS = word_set("verbs")
_JOINTS = frozenset((",", "and", "-"))
_RESTARTS = word_set("restarts")
_RUN_ON = word_set("run_on")
_AFTER_COMMA = frozenset(("with", "just"))
_PERCEIVED = word_set("seen")
_BE = frozenset(("is", "are", "was", "were", "can", "could", "be", "been", "has", "have"))
_OR = frozenset(("or", "nor"))


def clauses(words: list[str], lo: int, hi: int, items: list[LexicalItem]) -> list[Clause]:
    """Cut one sentence; its items are in order and none crosses a cut."""
    parts: list[Clause] = []
    start, joined = lo, False
    for cut, resume, is_joint in _cuts(words, lo, hi, items):
        if is_joint and not _starts_anew(words, (start, cut, hi), items):
            continue
        if cut == resume and not _opens_scope(items, start, cut):
            continue
        if cut > start:
            parts.append(Clause(start, cut, _within(items, start, cut), joined))
        start, joined = resume, is_joint
    if hi > start:
        parts.append(Clause(start, hi, _within(items, start, hi), joined))
    return parts


def _cuts(
    words: list[str], lo: int, hi: int, items: list[LexicalItem]
) -> list[tuple[int, int, bool]]:
    """Return the places where a clause could end: (end, start of the next, whether a joint).

    Where nothing marks the end, the next clause starts at it.
    """
    taken: set[int] = set()
    cuts: list[tuple[int, int, bool]] = []
    past = False
    for item in items:
        if isinstance(item, Trigger):
            past = past or any(c == "prior" or c.startswith("skip") for c in item.categories)
            if "term" in item.categories or (past and "now" in item.categories):
                cuts.append((item.lo, item.hi, False))
        if item.hi - item.lo > 1:
            taken.update(range(item.lo, item.hi))
    cuts += [(i, i + 1, True) for i in range(lo, hi) if words[i] in _JOINTS and i not in taken]
    ends = (item.hi for item in items if isinstance(item, Mention) and item.is_target)
    cuts += [(i, i, False) for i in ends if i < hi and words[i] in _RUN_ON]
    return sorted(cuts)


def _within(items: list[LexicalItem], lo: int, hi: int) -> list[LexicalItem]:
    return [item for item in items if lo <= item.lo < hi]


def _starts_anew(words: list[str], where: tuple[int, int, int], items: list[LexicalItem]) -> bool:
    """Decide whether a comma, dash or "and" at ``cut`` starts a statement of its own."""
    start, cut, hi = where
    end = _next_joint(words, cut + 1, hi, items)
    right = words[cut + 1 : end]
    if right and right[0] == "and":
        right = right[1:]
    verb = any(word in VERBS for word in right)
    if verb and any(word in VERBS for word in words[start:cut]):
        return True
    if not _opens_scope(items, start, cut):
        return False
    if not right or any(word in _OR for word in words[cut + 1 : _hard_end(items, cut, hi)]):
        return False
    restarts = right[0] in _RESTARTS or (words[cut] != "and" and right[0] in _AFTER_COMMA)
    return restarts or (verb and not _only_exists(right))


def _next_joint(words: list[str], i: int, hi: int, items: list[LexicalItem]) -> int:
    """Find the end of the statement that starts at ``i``: the joint after its first predicate."""
    end, seen_verb = _hard_end(items, i - 1, hi), False
    for j in range(i, end):
        if words[j] in VERBS:
            seen_verb = True
        elif words[j] in _JOINTS and j > i and (seen_verb or words[j] == ","):
            return j
    return end


def _hard_end(items: list[LexicalItem], after: int, hi: int) -> int:
    for item in items:
        if item.lo > after and isinstance(item, Trigger) and "term" in item.categories:
            return item.lo
    return hi


def _opens_scope(items: list[LexicalItem], start: int, cut: int) -> bool:
    return any(
        isinstance(item, Trigger) and item.categories[0] in _SCOPES
        for item in items
        if start <= item.lo < cut
    ) and any(isinstance(item, Mention) for item in items if start <= item.lo < cut)


_SCOPES = frozenset(("neg_pre", "possible_pre", "probable_pre", "skip_pre"))


def _only_exists(words: list[str]) -> bool:
    """Return whether the words end in "... are seen", which is about the whole list before it."""
    return words[-1] in _PERCEIVED and any(word in _BE for word in words[-4:-1])
