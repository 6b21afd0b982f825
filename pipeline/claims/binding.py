"""Which finding a place or a change belongs to.

In: one clause whose mentions have their status, and the findings that it may refer back to.
Out: ``sites`` and ``change`` set on findings and diagnoses, the mentions left on their own, and the
places at which a finding is denied that is there elsewhere.
"""

from typing import NamedTuple

from pipeline.claims.changes import compares_over_time, has_own_subject, leads_to, modifies_noun
from pipeline.claims.clauses import VERBS, Clause
from pipeline.claims.matcher import LexicalItem, Mention, Trigger
from pipeline.claims.triggers import word_set

# Between a modifier and the noun that it stands before there is none of these.
_BREAKS = VERBS | word_set("breaks")
_PRONOUNS = frozenset(("it", "this", "they", "these", "that", "both"))
_DENIALS = frozenset(("neg_pre", "neg_post"))
_SIDES = ("left", "right")
_NO_NOUN = word_set("around_change") | word_set("generic") | _BREAKS | frozenset(("side", "sided"))
_BESIDE_SIDE = frozenset(("in", "on", "at", "the", "one", "side"))
_JOINED = frozenset(("and", "or", ",", "/", "not", "than", "instead", "opposed", "but"))
_TO_PLACE = frozenset(("in", "on", "at", "within", "the"))
_GOES_ON = frozenset(("in", "on", "at", "within", "only"))


class Bound(NamedTuple):
    """``free``: mentions that no finding takes; ``elsewhere``: denied places, with findings."""

    free: list[Mention]
    elsewhere: list[tuple[Mention, list[Mention]]]


def bind(words: list[str], clause: Clause, earlier: list[Mention]) -> Bound:
    """Attach the clause's sites and changes to findings.

    ``earlier`` holds the findings that a pronoun or an elided subject here stands for.
    """
    mentions = clause.mentions
    targets = [m for m in mentions if m.is_target]
    referred = earlier if not targets and refers_back(words, clause) else []
    contrasts = not targets and words[clause.lo - 1 : clause.lo] == ["but"]
    bound = Bound([], [])
    for kind in ("site", "change"):
        own = [m for m in mentions if m.kind == kind and not m.skip]
        if kind == "site":
            own = [m for m in own if not _of_unknown_noun(words, clause, m)]
            own = _outermost(words, own, targets)
        else:
            own = [m for m in own if compares_over_time(words, m, clause.hi)]
        for mention in own:
            receivers = referred
            if targets:
                receivers = _receivers(words, clause, mention, own)
            if kind == "site" and _denies_place(mention, receivers):
                bound.elsewhere.append((mention, receivers))
                for target in receivers:  # "the nodule is not in the left lung" affirms none
                    target.skip = target.skip or _only_denied(words, target, mention)
            elif receivers:
                _attach(mention, receivers, refers=not targets, contrasts=contrasts)
            elif mention.ids and (kind == "site" or not targets):
                bound.free.append(mention)
    return bound


def refers_back(words: list[str], clause: Clause) -> bool:
    """Return whether the clause has a pronoun for its subject, or none ("and is stable")."""
    opening = [w for w in words[clause.lo : clause.lo + 2] if w not in (",", "and")]
    if not opening:
        return False
    if opening[0] in _GOES_ON and words[clause.lo - 1 : clause.lo] == ["but"]:
        return True
    return opening[0] in _PRONOUNS or opening[0] in VERBS


def denied_side(words: list[str], clause: Clause) -> str | None:
    """Return the side that "not in the right" denies, where no site of the lexicon names it."""
    for n, item in enumerate(clause.items):
        if isinstance(item, Mention) or _DENIALS.isdisjoint(item.categories):
            continue
        end = clause.items[n + 1].lo if n + 1 < len(clause.items) else clause.hi
        rest = [
            w for w in words[item.hi : end] if w not in ("in", "on", "at", "the", "one", "side")
        ]
        if len(rest) == 1 and rest[0] in _SIDES:
            return rest[0]
    return None


def _receivers(
    words: list[str], clause: Clause, mention: Mention, own: list[Mention]
) -> list[Mention]:
    """Choose the noun right after the mention, else the findings before it, else those after."""
    targets = [m for m in clause.mentions if m.is_target]
    following = next((t for t in targets if t.lo >= mention.hi), None)
    if following is not None and not _BREAKS.intersection(words[mention.hi : following.lo]):
        return [following]
    before = [t for t in targets if t.hi <= mention.lo]
    if mention.kind == "change":
        if before:
            other = _of_another_noun(words, clause, before[-1], mention)
            return [] if other else _run(words, before, mention, own)
        fits = following is not None and leads_to(words, clause, mention, following)
        return [following] if fits and following is not None else []
    if before:
        return _run(words, before, mention, own)
    between = words[mention.hi : targets[0].lo]
    if "with" in between and not VERBS.isdisjoint(between):
        return []  # the place is the subject of a statement of its own
    fronted = [t for t in targets if not t.sites]
    return [
        t for t in fronted if not any(s is not mention and s.lo > t.lo for s in own)
    ] or fronted[:1]


def _of_another_noun(words: list[str], clause: Clause, last: Mention, change: Mention) -> bool:
    """Return whether a change after a finding is of something else ("effusion, heart stable")."""
    if modifies_noun(words, clause, change):
        return True
    commas = [i for i in range(last.hi, change.lo) if words[i] in (",", "and", "with")]
    if not commas:
        return False
    part = clause._replace(lo=commas[-1] + 1)
    known = {i for item in clause.items for i in range(item.lo, item.hi)}
    return any(i not in known for i in range(part.lo, change.lo)) and has_own_subject(
        words, part, change
    )


def _of_unknown_noun(words: list[str], clause: Clause, site: Mention) -> bool:
    """Return whether a bare side belongs to a noun that the lexicon lacks ("right diaphragm")."""
    if site.hi - site.lo > 1 or words[site.lo] not in _SIDES or site.hi >= clause.hi:
        return False
    word = words[site.hi]
    if not word.isalpha() or word in _NO_NOUN:
        return False
    if any(item.lo <= site.hi < item.hi for item in clause.items):
        return False
    following = next((i for i in clause.items if i.lo >= site.hi and _ends_noun(i)), None)
    if following is None or isinstance(following, Trigger):
        return True
    return bool(_BREAKS.intersection(words[site.hi : following.lo]))


def _ends_noun(item: LexicalItem) -> bool:
    return isinstance(item, Trigger) or item.is_target


def _denies_place(site: Mention, receivers: list[Mention]) -> bool:
    return site.neg and bool(receivers) and all(not t.neg and t.hi <= site.lo for t in receivers)


def _only_denied(words: list[str], target: Mention, site: Mention) -> bool:
    between = [w for w in words[target.hi : site.lo] if w not in _TO_PLACE]
    return not target.sites and between[-1:] == ["not"] and VERBS.issuperset(between[:-1])


def _run(
    words: list[str], before: list[Mention], mention: Mention, own: list[Mention]
) -> list[Mention]:
    """Return the findings before it that no other mention of the kind has come after."""
    last = max((m.hi for m in own if m.hi <= mention.lo and m.lo > before[0].lo), default=-1)
    run = [t for t in before if t.lo >= last]
    if run:
        return [t for t in run if _coordinated(words, t, run[-1])]
    return [before[-1]]


def _coordinated(words: list[str], first: Mention, last: Mention) -> bool:
    """Return whether two findings are of one list, and not one explained by the other."""
    between = words[first.hi : last.lo]
    joined = {",", "and", "or", "/"} & set(between) != set()
    return first is last or (joined and "with" not in between)


def _attach(mention: Mention, receivers: list[Mention], *, refers: bool, contrasts: bool) -> None:
    for target in receivers:
        if mention.kind == "site":
            target.sites = tuple(dict.fromkeys((*target.sites, *mention.ids)))
            target.skip = target.skip and not contrasts
        elif mention.ids and not mention.neg and target.change is None:
            target.change = mention.ids[0]
            # "The prior image showed a nodule. It is larger": so it is there now.
            target.skip = target.skip and not refers


def _outermost(words: list[str], sites: list[Mention], targets: list[Mention]) -> list[Mention]:
    """Keep the narrower of nested places: "the apex of the left lung" is one place."""
    kept: list[Mention] = []
    for site in sites:
        between = words[kept[-1].hi : site.lo] if kept else ["and"]
        apart = any(kept and kept[-1].hi <= t.lo < site.lo for t in targets)
        joined = _JOINED & set(between)
        if kept and len(between) <= 3 and not apart and not joined:
            continue
        kept.append(site)
    return kept
