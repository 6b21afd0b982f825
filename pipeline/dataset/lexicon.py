"""The dataset's vocabulary: concepts, their surface forms and their exclusion groups.

In: ``lexicon.json`` of a dataset, or the name of a lexicon that comes with the package
(``lexicons/<name>.json``). Out: an immutable ``Lexicon``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

from conf.errors import BadInput

Kind = Literal["finding", "site", "attribute", "diagnosis", "change"]
KINDS = ("finding", "site", "attribute", "diagnosis", "change")


@dataclass(frozen=True, kw_only=True, slots=True)
class Concept:
    """One thing that text can mention. Concepts of one non-null ``group`` exclude each other."""

    id: str
    name: str
    synonyms: tuple[str, ...] = ()
    kind: Kind
    group: str | None = None
    checkable: bool


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

    @classmethod
    def from_json(cls, document: Mapping[str, Any], where: str) -> "Lexicon":
        """Read the parsed ``lexicon.json``; ``where`` names the file in errors.

        Raises:
            BadInput: wrong version, missing field, unknown kind or an id used twice.
        """
        if document.get("schema_version") != 1:
            raise BadInput(f"{where}: schema_version is {document.get('schema_version')!r}, not 1")
        concepts: dict[str, Concept] = {}
        for n, entry in enumerate(document.get("concepts") or ()):
            missing = [k for k in ("id", "name", "kind", "checkable") if k not in entry]
            if missing:
                raise BadInput(f"{where}: concept {n} lacks {', '.join(missing)}")
            if entry["kind"] not in KINDS:
                raise BadInput(
                    f"{where}: concept {entry['id']!r} has unknown kind {entry['kind']!r}"
                )
            if entry["id"] in concepts:
                raise BadInput(f"{where}: concept {entry['id']!r} is listed twice")
            concepts[entry["id"]] = Concept(
                id=entry["id"],
                name=entry["name"],
                synonyms=tuple(entry.get("synonyms") or ()),
                kind=entry["kind"],
                group=entry.get("group"),
                checkable=bool(entry["checkable"]),
            )
        if not concepts:
            raise BadInput(f"{where}: no concepts")
        return cls(concepts)


@cache
def packaged_lexicon(name: str) -> Lexicon:
    """Load a packaged lexicon once; ``clinical`` covers the six specialties.

    Raises:
        BadInput: no lexicon of that name comes with the package.
    """
    folder = files("pipeline.dataset").joinpath("lexicons")
    known = sorted(entry.name.removesuffix(".json") for entry in folder.iterdir())
    if name not in known:
        raise BadInput(f"no packaged lexicon is called {name!r}; there is {', '.join(known)}")
    document = json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return Lexicon.from_json(document, f"packaged lexicon {name}")
