"""Which finding a place or a change belongs to.

In: one clause whose mentions have their status, and the findings that it may refer back to.
Out: ``sites`` and ``change`` set on findings and diagnoses, and the mentions left on their own.
"""

from pipeline.claims.clauses import VERBS, Clause
from pipeline.claims.matcher import Mention
from pipeline.claims.triggers import word_set

# Between a modifier and the noun that it stands before there is none of these.
_BREAKS = VERBS | word_set("breaks")
_PRONOUNS = frozenset(("it", "this", "they", "these", "that", "both"))


def bind(words: list[str], clause: Clause, earlier: list[Mention]) -> list[Mention]:
    """Attach the clause's sites and changes; return those that no finding takes.

    ``earlier`` holds the findings that a pronoun or an elided subject here stands for.
    """
    mentions = clause.mentions
    targets = [m for m in mentions if m.is_target]
    referred = earlier if not targets and refers_back(words, clause) else []
    free = []
    for kind in ("site", "change"):
        own = [m for m in mentions if m.kind == kind and not m.skip]
        if kind == "site":
            own = _outermost(words, own, targets)
        for mention in own:
            receivers = _receivers(words, mention, targets, mentions, own) if targets else referred
            if receivers:
                _attach(mention, receivers, refers=not targets)
            elif mention.ids:
                free.append(mention)
    return free


def refers_back(words: list[str], clause: Clause) -> bool:
    """Return whether the clause has a pronoun for its subject, or none ("and is stable")."""
    opening = [w for w in words[clause.lo : clause.lo + 2] if w not in (",", "and")]
    if not opening:
        return False
    return opening[0] in _PRONOUNS or opening[0] in VERBS


def _receivers(
    words: list[str],
    mention: Mention,
    targets: list[Mention],
    mentions: list[Mention],
    own: list[Mention],
) -> list[Mention]:
    """Choose the noun right after the mention, else the findings before it, else those after."""
    following = next((t for t in targets if t.lo >= mention.hi), None)
    if following is not None and not _BREAKS.intersection(words[mention.hi : following.lo]):
        return [following]
    before = [t for t in targets if t.hi <= mention.lo]
    if before:
        return _run(words, before, mention, own)
    fronted = [t for t in targets if mention.kind == "change" or not t.sites]
    if mention.kind == "change":
        return fronted[:1] if following is not None else []
    return [
        t for t in fronted if not any(s is not mention and s.lo > t.lo for s in own)
    ] or fronted[:1]


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
    return first is last or ({",", "and", "or"} & set(between) != set() and "with" not in between)


def _attach(mention: Mention, receivers: list[Mention], *, refers: bool) -> None:
    for target in receivers:
        if mention.kind == "site":
            if mention.neg and not target.neg and target.hi <= mention.lo:
                target.site_neg = True
            target.sites = tuple(dict.fromkeys((*target.sites, *mention.ids)))
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
        if kept and len(between) <= 3 and not apart and not {"and", "or", ","} & set(between):
            continue
        kept.append(site)
    return kept
