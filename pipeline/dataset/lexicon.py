"""The dataset's vocabulary: concepts, their surface forms, exclusion groups and hierarchy.

In: ``lexicon.json`` of a dataset, or the name of a lexicon that comes with the package
(``lexicons/<name>/*.json``, one file per specialty). Out: an immutable ``Lexicon``. The format, in
versions 1 and 2: docs/lexicon.md.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.resources import files
from itertools import product
from typing import Any, Literal, get_args

from conf.errors import BadInput

Kind = Literal["finding", "site", "attribute", "diagnosis", "change"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Severity = Literal["critical", "major", "minor"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
SCHEMA_VERSIONS = (1, 2)
ENGLISH = "en"
_CHOICE = re.compile(r"\(([^()]*)\)")
_OF_VERSION_2 = ("part_of", "generic_of", "severity", "normal_when", "codes")


@dataclass(frozen=True, kw_only=True, slots=True)
class Concept:
    """One thing that text can mention. Concepts of one non-null ``group`` exclude each other.

    Of version 2: ``part_of``: the larger sites that a site lies in. ``generic_of``: the concepts
    that are kinds of this one. ``severity``: how bad it is to miss it. ``normal_when``: names of
    what is said to be normal when the concept is denied ("heart size" for cardiomegaly).
    ``translations``: forms by language (BCP 47), English apart. ``codes``: ids by terminology.
    """

    id: str
    name: str
    synonyms: tuple[str, ...] = ()
    kind: Kind
    group: str | None = None
    checkable: bool
    part_of: tuple[str, ...] = ()
    generic_of: tuple[str, ...] = ()
    severity: Severity | None = None
    normal_when: tuple[str, ...] = ()
    translations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lexicon:
    """Concepts by id."""

    concepts: Mapping[str, Concept]

    @cached_property
    def groups(self) -> Mapping[str, frozenset[str]]:
        """Return the ids of the mutually exclusive concepts, by group."""
        members: dict[str, set[str]] = {}
        for concept in self.concepts.values():
            if concept.group is not None:
                members.setdefault(concept.group, set()).add(concept.id)
        return {group: frozenset(ids) for group, ids in members.items()}

    def exclusive(self, concept: str, other: str) -> bool:
        """Return whether two different concepts cannot both hold."""
        if concept == other:
            return False
        a, b = self.concepts.get(concept), self.concepts.get(other)
        return a is not None and b is not None and a.group is not None and a.group == b.group

    def broader(self, concept: str) -> frozenset[str]:
        """Return every concept that is broader, at any distance, itself left out.

        For a site the sites that it is part of ("left lung" for "left upper lobe"), for a finding
        the findings that it is a kind of ("opacity" for "consolidation"). Empty for an unknown id.
        """
        return self._broader.get(concept, frozenset())

    def is_broader(self, broad: str, narrow: str) -> bool:
        """Return whether ``broad`` says the same as ``narrow``, only less exactly."""
        return broad in self.broader(narrow)

    def severity(self, concept: str) -> Severity | None:
        """Return how bad it is to miss a concept; None where the lexicon does not say."""
        known = self.concepts.get(concept)
        return known.severity if known else None

    @cached_property
    def languages(self) -> frozenset[str]:
        """Return the languages that at least one concept has forms in, English among them."""
        spoken = (language for c in self.concepts.values() for language in c.translations)
        return frozenset((ENGLISH, *spoken))

    def in_language(self, language: str) -> "Lexicon | None":
        """Return the concepts that have forms in a language, with these as their only forms.

        A region falls back on its language ("pt-BR" on "pt"). None where no concept has any. The
        lexicon itself for English.
        """
        base = language.lower().partition("-")[0]
        if base == ENGLISH:
            return self
        spoken = {
            id: forms
            for id, concept in self.concepts.items()
            if (forms := concept.translations.get(language) or concept.translations.get(base))
        }
        chosen = {
            id: replace(
                self.concepts[id],
                name=forms[0],
                synonyms=forms[1:],
                part_of=self._places_around(id, spoken),
                generic_of=tuple(n for n in self.concepts[id].generic_of if n in spoken),
                normal_when=(),
            )
            for id, forms in spoken.items()
        }
        return Lexicon(chosen) if chosen else None

    def _places_around(self, site: str, kept: Iterable[str]) -> tuple[str, ...]:
        """Return the larger sites among some concepts, also where one between them is missing."""
        larger = self.broader(site) if self.concepts[site].part_of else frozenset()
        return tuple(sorted(larger.intersection(kept)))

    @cached_property
    def _broader(self) -> Mapping[str, frozenset[str]]:
        above: dict[str, set[str]] = {id: set(c.part_of) for id, c in self.concepts.items()}
        for concept in self.concepts.values():
            for narrow in concept.generic_of:
                above.setdefault(narrow, set()).add(concept.id)
        return {id: frozenset(_reachable(id, above)) for id in above}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], where: str) -> "Lexicon":
        """Read the parsed ``lexicon.json``, version 1 or 2; ``where`` names the file in errors.

        Raises:
            BadInput: unknown version, missing or malformed field, an id used twice, a relation to
                no concept, or a concept that is broader than itself.
        """
        version = document.get("schema_version")
        if version not in SCHEMA_VERSIONS:
            raise BadInput(f"{where}: schema_version is {version!r}, not 1 or 2")
        concepts: dict[str, Concept] = {}
        for n, entry in enumerate(document.get("concepts") or ()):
            concept = _concept(entry, version, f"{where}: concept {n}")
            if concept.id in concepts:
                raise BadInput(f"{where}: concept {concept.id!r} is listed twice")
            concepts[concept.id] = concept
        if not concepts:
            raise BadInput(f"{where}: no concepts")
        lexicon = cls(concepts)
        _check_relations(lexicon, where)
        return lexicon


@cache
def packaged_lexicon(name: str) -> Lexicon:
    """Load a packaged lexicon once; ``clinical`` covers the six specialties.

    Raises:
        BadInput: no lexicon of that name comes with the package.
    """
    return Lexicon.from_json(packaged_document(name), f"packaged lexicon {name}")


def alternatives(pattern: str) -> list[str]:
    """Write out the ``(a|b|)`` alternatives of a phrase; an empty one makes the words optional."""
    parts = _CHOICE.split(pattern)
    options = [part.split("|") if n % 2 else [part] for n, part in enumerate(parts)]
    return sorted({" ".join("".join(chosen).split()) for chosen in product(*options)})


def packaged_document(name: str) -> dict[str, Any]:
    """Return a packaged lexicon as one document, as a dataset's ``lexicon.json`` holds it.

    Raises:
        BadInput: no lexicon of that name comes with the package.
    """
    folder = files("pipeline.dataset").joinpath("lexicons")
    known = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    if name not in known:
        raise BadInput(f"no packaged lexicon is called {name!r}; there is {', '.join(known)}")
    parts = sorted(folder.joinpath(name).iterdir(), key=lambda entry: entry.name)
    documents = [json.loads(part.read_text(encoding="utf-8")) for part in parts]
    return {
        "schema_version": max(document["schema_version"] for document in documents),
        "concepts": [concept for document in documents for concept in document["concepts"]],
    }


def _concept(entry: Mapping[str, Any], version: int, where: str) -> Concept:
    missing = [k for k in ("id", "name", "kind", "checkable") if k not in entry]
    if missing:
        raise BadInput(f"{where} lacks {', '.join(missing)}")
    where = f"{where} ({entry['id']!r})"
    if entry["kind"] not in KINDS:
        raise BadInput(f"{where} has unknown kind {entry['kind']!r}")
    synonyms = entry.get("synonyms") or ()
    newer = [key for key in _OF_VERSION_2 if key in entry]
    if version == 1 and (newer or isinstance(synonyms, Mapping)):
        what = ", ".join(newer) or "synonyms per language"
        raise BadInput(f"{where} has {what}, which needs schema_version 2")
    if entry.get("severity") not in (None, *SEVERITIES):
        raise BadInput(f"{where}: severity {entry['severity']!r} is not {', '.join(SEVERITIES)}")
    by_language = synonyms if isinstance(synonyms, Mapping) else {ENGLISH: synonyms}
    return Concept(
        id=entry["id"],
        name=entry["name"],
        synonyms=_phrases(by_language.get(ENGLISH), version, ("synonyms", where)),
        kind=entry["kind"],
        group=entry.get("group"),
        checkable=bool(entry["checkable"]),
        part_of=_texts(entry.get("part_of"), "part_of", where),
        generic_of=_texts(entry.get("generic_of"), "generic_of", where),
        severity=entry.get("severity"),
        normal_when=_phrases(entry.get("normal_when"), version, ("normal_when", where)),
        translations={
            language: _phrases(forms, version, (f"synonyms of {language!r}", where))
            for language, forms in by_language.items()
            if language != ENGLISH
        },
        codes=dict(entry.get("codes") or {}),
    )


def _phrases(value: Any, version: int, where: tuple[str, str]) -> tuple[str, ...]:
    """Return the forms of a concept; from version 2 on they may hold alternatives."""
    texts = _texts(value, *where)
    if version == 1:
        return texts
    return tuple(dict.fromkeys(form for text in texts for form in alternatives(text)))


def _texts(value: Any, field_name: str, where: str) -> tuple[str, ...]:
    """Return a list of texts as a tuple; one text stands for a list of one."""
    texts = (value,) if isinstance(value, str) else tuple(value or ())
    if not all(isinstance(text, str) and text for text in texts):
        raise BadInput(f"{where}: {field_name} is {value!r}, not a list of texts")
    return texts


def _check_relations(lexicon: Lexicon, where: str) -> None:
    for concept in lexicon.concepts.values():
        for relation, ids in (("part_of", concept.part_of), ("generic_of", concept.generic_of)):
            for id in ids:
                if id not in lexicon.concepts:
                    raise BadInput(
                        f"{where}: {relation} of {concept.id!r} names {id!r}, which is no concept"
                    )
        if lexicon.is_broader(concept.id, concept.id):
            raise BadInput(f"{where}: {concept.id!r} is broader than itself (part_of, generic_of)")


def _reachable(start: str, above: Mapping[str, Iterable[str]]) -> set[str]:
    """Return what can be reached upwards from a concept; itself only through a cycle."""
    reached: set[str] = set()
    pending = list(above.get(start, ()))
    while pending:
        id = pending.pop()
        if id not in reached:
            reached.add(id)
            pending.extend(above.get(id, ()))
    return reached
