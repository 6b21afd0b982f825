"""What is wrong with a lexicon as a whole: forms that collide, relations that make no sense.

In: a lexicon that could be read. Out: ``LexiconFault`` rows; none for a sound lexicon.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from pipeline.claims.matcher import forms
from pipeline.claims.tokens import phrase, stem
from pipeline.claims.triggers import triggers
from pipeline.dataset.lexicon import Concept, Lexicon

_NAMED = ("finding", "diagnosis")
_DENYING = frozenset(("no", "not", "without", "never", "neither"))


@dataclass(frozen=True, slots=True)
class LexiconFault:
    """One thing wrong with one concept."""

    concept: str
    field: str
    value: str
    problem: str

    def __str__(self) -> str:
        return f"lexicon: {self.concept}: {self.field} = {self.value!r}: {self.problem}"


def lexicon_faults(lexicon: Lexicon) -> list[LexiconFault]:
    """List the faults: shared forms, forms that a cue hides, groups and relations.

    Forms are compared as the matcher does, so "nodules" and "nodule" or "oedema" and "edema" are
    one. A form that is part of a cue ("sign" in "no sign of") would never be found there.
    """
    owners = _owners(lexicon)
    return [
        *_shared_forms(lexicon, owners),
        *_hidden_forms(lexicon, owners),
        *_group_faults(lexicon),
        *_relation_faults(lexicon),
        *_normality_faults(lexicon, owners),
    ]


def _owners(lexicon: Lexicon) -> dict[tuple[str, ...], str]:
    owners: dict[tuple[str, ...], str] = {}
    for concept in lexicon.concepts.values():
        for form in forms(concept):
            owners.setdefault(form, concept.id)
    return owners


def _shared_forms(lexicon: Lexicon, owners: dict[tuple[str, ...], str]) -> Iterator[LexiconFault]:
    for concept in lexicon.concepts.values():
        for form in forms(concept):
            if owners[form] != concept.id:
                problem = f"is a form of {owners[form]!r} as well, which keeps it"
                yield LexiconFault(concept.id, "synonyms", " ".join(form), problem)


def _hidden_forms(lexicon: Lexicon, owners: dict[tuple[str, ...], str]) -> Iterator[LexiconFault]:
    """Find forms that deny by themselves, and those that a denying cue holds within it."""
    named = {form: id for form, id in owners.items() if lexicon.concepts[id].kind in _NAMED}
    for form, id in named.items():
        if form[0] in _DENYING:
            yield LexiconFault(id, "synonyms", " ".join(form), f"starts with {form[0]!r}")
    for words, category in triggers():
        stems = tuple(stem(word) for word in words)
        runs = combinations(range(len(stems) + 1), 2) if category.startswith("neg") else ()
        for form in (stems[i:j] for i, j in runs):
            if form in named:
                problem = f"is part of the cue {' '.join(words)!r}"
                yield LexiconFault(named.pop(form), "synonyms", " ".join(form), problem)


def _group_faults(lexicon: Lexicon) -> Iterator[LexiconFault]:
    for group, ids in sorted(lexicon.groups.items()):
        kinds = sorted({lexicon.concepts[id].kind for id in ids})
        first = min(ids)
        if len(ids) == 1:
            yield LexiconFault(first, "group", group, "has no other concept")
        if len(kinds) > 1:
            yield LexiconFault(first, "group", group, f"mixes kinds: {', '.join(kinds)}")
        for id in sorted(ids):
            for broad in sorted(lexicon.broader(id) & ids):
                problem = f"holds {broad!r} as well, which is broader and does not exclude it"
                yield LexiconFault(id, "group", group, problem)


def _relation_faults(lexicon: Lexicon) -> Iterator[LexiconFault]:
    for concept in lexicon.concepts.values():
        yield from _of_kinds(lexicon, concept, ("part_of", concept.part_of), ("site",))
        yield from _of_kinds(lexicon, concept, ("generic_of", concept.generic_of), _NAMED)


def _of_kinds(
    lexicon: Lexicon, concept: Concept, relation: tuple[str, Sequence[str]], kinds: Sequence[str]
) -> Iterator[LexiconFault]:
    name, ids = relation
    for id in ids:
        if concept.kind not in kinds or lexicon.concepts[id].kind not in kinds:
            yield LexiconFault(concept.id, name, id, f"does not relate two of {', '.join(kinds)}")


def _normality_faults(
    lexicon: Lexicon, owners: dict[tuple[str, ...], str]
) -> Iterator[LexiconFault]:
    for concept in lexicon.concepts.values():
        if concept.normal_when and concept.kind not in _NAMED:
            problem = "is for findings and diagnoses"
            yield LexiconFault(concept.id, "normal_when", concept.normal_when[0], problem)
        for text in concept.normal_when:
            owner = owners.get(tuple(stem(word) for word in phrase(text)))
            if owner is not None and lexicon.concepts[owner].kind in _NAMED:
                problem = f"names the concept {owner!r}, so it cannot be normal"
                yield LexiconFault(concept.id, "normal_when", text, problem)
