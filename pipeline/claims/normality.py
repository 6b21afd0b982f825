"""Statements of normality, read as denials: "the heart size is normal" denies cardiomegaly.

In: the ``normal_when`` phrases of a lexicon (the names of what is said to be normal when a concept
is denied), and the words of a sentence. Out: denied mentions with their place. "Otherwise clear" or
"clear except for" deny nothing in particular, and neither does "clear of", which denies what
follows.
"""

from typing import Any

from pipeline.claims.tokens import phrase, stem
from pipeline.claims.triggers import word_set
from pipeline.dataset.lexicon import Lexicon

Span = tuple[int, int, tuple[str, ...]]  # first token, token after the last, ids that it denies
_TABLE = "plain_words.json"
_PREDICATES = word_set("normal", _TABLE)
_BEFORE = _PREDICATES - {"midline", "sharp"}  # those that stand before what they speak of
_EXCESS = word_set("excess", _TABLE)
_SAYING = _PREDICATES | _EXCESS
_LINKS = word_set("links", _TABLE) | {","}
_AFTER = word_set("after_normal", _TABLE)
_PARTIAL = word_set("partial", _TABLE)
_DENYING = frozenset(("no", "not", "non", "nor", "without", "never", "nearly", "almost"))
_LONGEST = 12  # words between a name and its predicate


class Normality:
    """The compiled ``normal_when`` phrases of one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._names: dict[str, Any] = {}
        for concept in lexicon.concepts.values():
            for text in concept.normal_when:
                node = self._names
                for word in phrase(text):
                    node = node.setdefault(stem(word), {})
                node[""] = (*node.get("", ()), concept.id)

    def statements(self, words: list[str], lo: int, hi: int) -> list[Span]:
        """Find the statements of normality in ``words[lo:hi]``, in order, none overlapping."""
        said = words[lo:hi]
        if not self._names or _SAYING.isdisjoint(said) or not _PARTIAL.isdisjoint(said):
            return []
        spans: list[Span] = []
        i = lo
        while i < hi:
            span = None
            if words[i] in _BEFORE or stem(words[i]) in self._names:
                denied = i > lo and words[i - 1] in _DENYING
                span = None if denied else self._statement(words, i, hi)
            if span is not None:
                spans.append(span)
            i = span[1] if span is not None else i + 1
        return spans

    def covered(self, words: list[str], lo: int, hi: int) -> set[int]:
        """Return the tokens of every name that a statement could be about, whatever is said."""
        taken: set[int] = set()
        for i in range(lo, hi):
            taken.update(range(i, self._name(words, i, hi)[0]))
        return taken

    def _statement(self, words: list[str], i: int, hi: int) -> Span | None:
        """Read a statement that starts at ``i``: with its predicate, or with a name."""
        if words[i] in _BEFORE:
            return self._predicate_first(words, i, hi)
        end, ids = self._name(words, i, hi)
        found = self._predicate_after(words, end, hi) if ids else None
        return (i, found[0], _unique((*ids, *found[1]))) if found else None

    def _predicate_first(self, words: list[str], i: int, hi: int) -> Span | None:
        """Read "normal heart size and mediastinal contours"."""
        denied: tuple[str, ...] = ()
        j = last = i + 1
        while j < min(hi, last + 4):
            end, ids = self._name(words, j, hi)
            if ids:
                denied, last = (*denied, *ids), end
            elif words[j] not in _LINKS | {"left", "right"} or words[j] in ("is", "are"):
                break
            j = end if ids else j + 1
        return (i, last, _unique(denied)) if denied else None

    def _predicate_after(
        self, words: list[str], i: int, hi: int
    ) -> tuple[int, tuple[str, ...]] | None:
        """Find the predicate after a name; other names may stand between ("heart and lungs")."""
        denied: tuple[str, ...] = ()
        j = i
        while j < min(hi, i + _LONGEST):
            if words[j] in _PREDICATES:
                return _end_of_predicate(words, j, hi, denied)
            if words[j] == "not" and words[j + 1 : j + 2] and words[j + 1] in _EXCESS:
                return j + 2, denied
            end, ids = self._name(words, j, hi)
            if not ids and words[j] not in _LINKS:
                return None
            denied, j = (*denied, *ids), end if ids else j + 1
        return None

    def _name(self, words: list[str], i: int, hi: int) -> tuple[int, tuple[str, ...]]:
        """Return the end of the longest name at ``i`` and the ids it denies, or ``i`` and none."""
        node, end, ids, j = self._names, i, (), i
        while j < hi and (node := node.get(stem(words[j]), {})):
            j += 1
            if "" in node:
                end, ids = j, node[""]
        return end, ids


def _end_of_predicate(
    words: list[str], j: int, hi: int, denied: tuple[str, ...]
) -> tuple[int, tuple[str, ...]] | None:
    """Take "in size and contour" along; "clear of" and "clear from" say something else."""
    if words[j + 1 : j + 2] in (["of"], ["from"]):
        return None
    end = j + 1
    while end < hi and words[end] in _AFTER:
        end += 1
    return end, denied


def _unique(ids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))
