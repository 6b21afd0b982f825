"""A lexicon made ready for text: one walk over the words finds its concepts and the triggers.

In: ``Lexicon``, ``Tokens``. Out: ``Mention`` and ``Trigger`` items in order, longest match first,
never overlapping. Forms match on word borders, whatever the case, in singular or plural, in
British or American spelling, hyphenated or not.
"""

from collections.abc import Collection
from functools import cache
from typing import Any, Final

from pipeline.claims.normality import Normality
from pipeline.claims.tokens import phrase, stem
from pipeline.claims.triggers import changes, cues, triggers
from pipeline.dataset.lexicon import Concept, Kind, Lexicon

Trie = dict[str, Any]  # word -> Trie, "" -> what a form that ends here stands for
_MAX_COMPILED = 8
_CHANGE = "change:"
_SITE: Final[Kind] = "site"
_NAMED: Final[tuple[Kind, ...]] = ("finding", "diagnosis")


class Mention:
    """One place where the text names concepts (two ids: both of a left and right pair).

    ``lo`` and ``hi`` are its tokens, -1 where a bare yes or no implies it. ``uncertain``: put as
    merely possible. ``skip``: named, but not asserted. ``revised``: its sentence corrects an
    earlier statement. ``normality``: denied by a statement that something is normal.
    """

    __slots__ = (
        *("change", "hi", "ids", "kind", "lo", "neg", "normality", "revised", "sites", "skip"),
        "uncertain",
    )

    def __init__(self, kind: str, ids: tuple[str, ...], lo: int, hi: int) -> None:
        self.kind, self.ids, self.lo, self.hi = kind, ids, lo, hi
        self.neg = self.uncertain = self.skip = self.revised = self.normality = False
        self.sites: tuple[str, ...] = ()
        self.change: str | None = None

    @property
    def is_target(self) -> bool:
        """Return whether sites and changes bind to it."""
        return self.kind in ("finding", "diagnosis")


class Trigger:
    """One place where the text denies, hedges or sets apart the mentions around it."""

    __slots__ = ("categories", "hi", "lo")

    def __init__(self, categories: tuple[str, ...], lo: int, hi: int) -> None:
        self.categories, self.lo, self.hi = categories, lo, hi


LexicalItem = Mention | Trigger


class Matcher:
    """The compiled forms of one lexicon; build it through ``matcher_for``."""

    def __init__(self, lexicon: Lexicon, language: str) -> None:
        self._concepts: Trie = {}
        self._triggers = _trigger_trie(language)
        self._changes = _change_ids(lexicon)
        self.normality = Normality(lexicon)
        sides = _side_sites(lexicon)
        for concept in lexicon.concepts.values():
            known = dict.fromkeys(forms(concept))
            for form in known:
                places = _sides_within(form, known, sides) if concept.kind in _NAMED else ()
                _add(self._concepts, form, (concept.kind, (concept.id,), places))
        pairs = _pairs(lexicon)
        for form, ids in _both(pairs):
            _add(self._concepts, form, ("site", ids, ()))
        # Of a site that comes as left and right: both of its ids by the side.
        self.sides = {
            id: {"left": left, "right": right}
            for left, right in pairs.values()
            for id in (left, right)
        }

    def items(self, words: list[str], lo: int, hi: int) -> list[LexicalItem]:
        """Find concepts and triggers in ``words[lo:hi]``, longest first from the left."""
        items: list[LexicalItem] = []
        concepts, others = self._concepts, self._triggers
        said = words[lo:hi]
        stems = [stem(word) for word in said]
        i = 0
        while i < len(said):
            concept_end = trigger_end = i
            if stems[i] in concepts:
                concept_end, entry = _walk(concepts[stems[i]], stems, i + 1)
            if said[i] in others:
                trigger_end, categories = _walk(others[said[i]], said, i + 1)
            if concept_end > i and concept_end >= trigger_end:
                mention = Mention(entry[0], entry[1], lo + i, lo + concept_end)
                mention.sites = entry[2]
                items.append(mention)
                i = concept_end
            elif trigger_end > i:
                items.append(self._trigger(categories, words, lo + i, lo + trigger_end))
                i = trigger_end
            else:
                i += 1
        return items

    def stated(self, words: list[str], lo: int, hi: int) -> list[LexicalItem]:
        """Find concepts and triggers as ``items`` does, and read statements of normality."""
        items = self.items(words, lo, hi)
        for start, end, ids in self.normality.statements(words, lo, hi):
            denied = Mention("finding", ids, start, end)
            denied.neg = denied.normality = True
            within = [item for item in items if start <= item.lo < end or start < item.hi <= end]
            if any(isinstance(item, Mention) and item.is_target for item in within):
                continue
            places = (m.ids for m in within if isinstance(m, Mention) and m.kind == "site")
            denied.sites = tuple(dict.fromkeys(id for ids in places for id in ids))
            items = [item for item in items if item not in within]
            items.insert(sum(item.lo < start for item in items), denied)
        return items

    def _trigger(
        self, categories: tuple[str, ...], words: list[str], lo: int, hi: int
    ) -> LexicalItem:
        """Return a trigger, or the mention of a change under the lexicon's own id."""
        if not categories[0].startswith(_CHANGE):
            return Trigger(categories, lo, hi)
        change = categories[0][len(_CHANGE) :]
        own = self._changes.get(change, "")
        if own or change != "resolved":
            return Mention("change", (own,) if own else (), lo, hi)
        return Trigger(_gone(words[hi - 1], hi - lo), lo, hi)


def forms(concept: Concept) -> list[tuple[str, ...]]:
    """Return a concept's surface forms as stemmed words; a hyphenated one also joined up."""
    texts = dict.fromkeys((concept.name, concept.id.replace("_", " "), *concept.synonyms))
    joined = [text.replace("-", "") for text in texts if "-" in text]
    keyed = (tuple(stem(word) for word in phrase(text)) for text in (*texts, *joined))
    return [form for form in dict.fromkeys(keyed) if form]


def _side_sites(lexicon: Lexicon) -> dict[str, str]:
    """Return the sites that are called "left" and "right", by that word."""
    sites = [concept for concept in lexicon.concepts.values() if concept.kind == _SITE]
    return {side: site.id for site in sites for side in ("left", "right") if (side,) in forms(site)}


def _sides_within(
    form: tuple[str, ...], known: Collection[tuple[str, ...]], sides: dict[str, str]
) -> tuple[str, ...]:
    """Return the side that a form names apart from the finding ("elevated right hemidiaphragm").

    Where the rest is no form of the finding the side is part of its name ("left atrial
    enlargement").
    """
    return tuple(
        sides[word]
        for i, word in enumerate(form)
        if word in sides and (*form[:i], *form[i + 1 :]) in known
    )


_compiled: dict[tuple[int, str], tuple[Lexicon, Matcher]] = {}


def matcher_for(lexicon: Lexicon, language: str = "en") -> Matcher:
    """Compile a lexicon once; the cache holds the lexicon, so its identity stays its own."""
    key = (id(lexicon), language)
    entry = _compiled.get(key)
    if entry is None:
        while len(_compiled) >= _MAX_COMPILED:
            _compiled.pop(next(iter(_compiled)), None)
        entry = _compiled[key] = (lexicon, Matcher(lexicon, language))
    return entry[1]


def _add(trie: Trie, words: tuple[str, ...], value: Any, *, many: bool = False) -> None:
    """Store a form. Of two concepts with one form the first listed keeps it."""
    node = trie
    for word in words:
        node = node.setdefault(word, {})
    if many:
        node[""] = tuple(dict.fromkeys((*node.get("", ()), value)))
    else:
        node.setdefault("", value)


def _walk(node: Trie, keys: list[str], i: int) -> tuple[int, Any]:
    """Follow the words as far as forms go; the end of the longest form, or -1 for none."""
    end, value = -1, None
    while True:
        if "" in node:
            end, value = i, node[""]
        if i >= len(keys) or keys[i] not in node:
            return end, value
        node = node[keys[i]]
        i += 1


@cache
def _trigger_trie(language: str) -> Trie:
    """Compile the trigger phrases and the wordings of change, once for all lexicons."""
    trie: Trie = {}
    if language != "en":
        for words, category in cues(language):
            _add(trie, words, category, many=True)
        return trie
    for words, category in triggers():
        _add(trie, words, category, many=True)
    for words, change in changes():
        _add(trie, words, _CHANGE + change, many=True)
    return trie


def _pairs(lexicon: Lexicon) -> dict[tuple[str, ...], tuple[str, str]]:
    """Find the sites that come as left and right, by the words after the side."""
    by_form: dict[tuple[str, ...], str] = {}
    for concept in lexicon.concepts.values():
        if concept.kind == _SITE:
            for form in forms(concept):
                by_form.setdefault(form, concept.id)
    return {
        form[1:]: (site, by_form[("right", *form[1:])])
        for form, site in by_form.items()
        if form[0] == "left" and ("right", *form[1:]) in by_form
    }


def _both(
    rests: dict[tuple[str, ...], tuple[str, str]],
) -> list[tuple[tuple[str, ...], tuple[str, str]]]:
    """Return the wordings that name both sites of a pair at once."""
    both: list[tuple[tuple[str, ...], tuple[str, str]]] = []
    for rest, ids in rests.items():
        both += [((word, *rest), ids) for word in ("both", "bilateral") if rest]
        both += [
            ((a, joint, b, *rest), ids)
            for a, b in (("left", "right"), ("right", "left"))
            for joint in ("and", "or")
        ]
        both += [(("both", "the", *rest), ids)] if rest else []
    alone = rests.get(()) or (next(iter(rests.values())) if len(set(rests.values())) == 1 else None)
    if alone is not None:
        words = ("bilateral", "bilaterally", "both side", "both sides", "on both sides")
        both += [(tuple(stem(w) for w in phrase(word)), alone) for word in words]
    return both


def _gone(last: str, count: int) -> tuple[str, ...]:
    """Return what "resolved" means to a lexicon without it: a denial, to its right or left."""
    before = ("neg_pre",) if last == "of" or count == 1 else ()
    return (*before, *(("neg_post",) if last != "of" else ()))


def _change_ids(lexicon: Lexicon) -> dict[str, str]:
    """Map the known changes to the lexicon's own ids, by id or by name."""
    ids: dict[str, str] = {}
    for concept in lexicon.concepts.values():
        if concept.kind == "change":
            ids.setdefault(concept.id, concept.id)
            ids.setdefault(concept.name.lower(), concept.id)
    return ids
