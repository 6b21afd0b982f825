"""Whether a mention is denied, hedged, or not asserted at all.

In: the clauses of one sentence. Out: the same mentions, ``neg``, ``uncertain`` and ``skip`` set.
The shape follows ConText (Harkema et al. 2009, doi:10.1016/j.jbi.2009.05.002): triggers with a
direction, scopes with terminators, pseudo-triggers that only take words away.
"""

from collections.abc import Iterable
from itertools import pairwise

from pipeline.claims.clauses import Clause
from pipeline.claims.matcher import LexicalItem, Mention, Trigger
from pipeline.claims.triggers import word_set

_CHOICES = frozenset(("or", "versus", "vs"))
_FAVOURS = word_set("favours")
_PAST = word_set("past")
_TO_PLACE = frozenset(("in", "on", "at", "within", "the"))
_PRESENT = word_set("present")
_COMPARES = word_set("compares")
# A trigger of both directions reaches back only where it ends its statement.
_FILLERS = word_set("fillers")


def assess(words: list[str], clauses: list[Clause]) -> None:
    """Set the status of every mention of one sentence."""
    start = clauses[0].lo if clauses else 0
    rest_skipped = False
    for clause in clauses:
        for n, item in enumerate(clause.items):
            if isinstance(item, Mention):
                item.skip = item.skip or rest_skipped
                continue
            _apply(words, clause, n, item)
            rest_skipped = (
                rest_skipped
                or "skip_rest" in item.categories
                or ("start_rest" in item.categories and item.lo == start)
            )
        rest_skipped = rest_skipped and words[clause.hi : clause.hi + 1] != [";"]
        _alternatives(words, clause)
        _less_favoured(words, clause)
        _set_apart(words, clause)


def _set_apart(words: list[str], clause: Clause) -> None:
    """Keep a statement on an earlier image, or on patients in general, from being a claim.

    A general statement denies nothing: "in general, no drusen" is about this patient.
    """
    categories = {category for item in clause.items for category in _categories(item)}
    if "prior" in categories and _speaks_of_the_past(words, clause):
        _mark("skip", clause.mentions)
    elif "general" in categories:
        _mark("skip", [m for m in clause.mentions if not m.neg])


def _apply(words: list[str], clause: Clause, n: int, trigger: Trigger) -> None:
    after = _after(clause, n)
    if "neg_post" in trigger.categories and _denies_place(words, clause, n):
        _mark("neg", after)
        return
    before = _before(words, clause, n) if _looks_back(words, clause, trigger) else []
    for category in trigger.categories:
        effect, _, direction = category.partition("_")
        if effect == "whether":
            effect = "possible" if _leaves_open(clause) else "skip"
        if direction == "post":
            _mark(effect, before)
        elif direction == "pre" and not before:
            _mark(effect, after)
        elif direction == "next":
            _mark(effect, _noun_after(clause, after, trigger))
        elif direction == "all":
            _mark(effect, clause.mentions)


def _denies_place(words: list[str], clause: Clause, n: int) -> bool:
    """Return whether a denial is of the place that follows it: "..., not in the right lung"."""
    trigger, after = clause.items[n], clause.items[n + 1 : n + 2]
    at = trigger.hi
    while at < clause.hi and words[at] in _TO_PLACE:
        at += 1
    if at == trigger.hi or any(
        isinstance(item, Mention) and item.is_target for item in clause.items[n + 1 :]
    ):
        return False
    site = after[0] if after and isinstance(after[0], Mention) else None
    return (site is not None and site.kind == "site" and site.lo == at) or (
        words[at : at + 1] in (["left"], ["right"])
    )


def _leaves_open(clause: Clause) -> bool:
    """Return whether the clause leaves a "whether" open ("whether ... is uncertain")."""
    return any(
        category.startswith("possible") for item in clause.items for category in _categories(item)
    )


def _noun_after(clause: Clause, after: list[Mention], trigger: Trigger) -> list[Mention]:
    """Return the noun right after an adjective; a "prior" one that has changed still exists."""
    nouns = [m for m in after[:1] if m.lo <= trigger.hi]
    changed = any(m.kind == "change" for m in clause.mentions)
    return [] if changed and "skip_next" in trigger.categories else nouns


def _mark(effect: str, mentions: Iterable[Mention]) -> None:
    for mention in mentions:
        if effect == "neg":
            mention.neg = True
        elif effect == "skip":
            mention.skip = True
        elif effect == "possible":
            mention.uncertain = True


def _looks_back(words: list[str], clause: Clause, trigger: Trigger) -> bool:
    """Return whether a trigger reaches left; one that reaches both ways only ends a statement."""
    directions = {category.rpartition("_")[2] for category in trigger.categories}
    if "post" not in directions:
        return False
    if trigger.hi >= clause.hi or ("pre" not in directions and trigger.hi - trigger.lo > 1):
        return True
    return words[trigger.hi] in _FILLERS


def _after(clause: Clause, n: int) -> list[Mention]:
    """Return the mentions that a forward trigger reaches: a denial ends a plan or a history."""
    skips = "skip_pre" in _categories(clause.items[n])
    reached: list[Mention] = []
    for item in clause.items[n + 1 :]:
        if isinstance(item, Mention):
            reached.append(item)
        elif skips and "neg_pre" in item.categories:
            break
    return reached


def _categories(item: LexicalItem) -> tuple[str, ...]:
    return item.categories if isinstance(item, Trigger) else ()


def _before(words: list[str], clause: Clause, n: int) -> list[Mention]:
    """Return the mentions that a backward trigger reaches: those of its own statement or list."""
    reached: list[Mention] = []
    right = clause.items[n].lo
    shared = False
    for item in reversed(clause.items[:n]):
        between = words[item.hi : right]
        shared = shared or "and" in between or "or" in between
        if reached and "," in between and not shared:
            break
        if isinstance(item, Mention):
            reached.append(item)
        right = item.lo
    return reached


def _speaks_of_the_past(words: list[str], clause: Clause) -> bool:
    span = words[clause.lo : clause.hi]
    if _COMPARES.intersection(span) or _PRESENT.intersection(span):
        return False
    return not _PAST.isdisjoint(span)


def _less_favoured(words: list[str], clause: Clause) -> None:
    """Hedge what something else is preferred to: "favour atelectasis over pneumonia"."""
    span = words[clause.lo : clause.hi]
    if "over" not in span or _FAVOURS.isdisjoint(span):
        return
    at = clause.lo + span.index("over")
    _mark("possible", [m for m in clause.mentions if m.is_target and m.lo > at])


def _alternatives(words: list[str], clause: Clause) -> None:
    """Hedge both sides of an affirmed "consolidation or atelectasis": neither is asserted."""
    named = [m for m in clause.mentions if m.is_target or m.kind == "attribute"]
    for left, right in pairwise(named):
        if left.is_target != right.is_target or left.neg or right.neg:
            continue
        joined = words[left.hi : right.lo]
        if len(joined) <= 3 and _CHOICES.intersection(joined):
            left.uncertain = right.uncertain = True
