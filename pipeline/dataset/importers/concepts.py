"""Label names to concepts: of the packaged clinical lexicon where it knows them, else added.

In: names such as ``Pleural Effusion``. Out: concept ids, and the lexicon of the imported dataset.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from pipeline.dataset.lexicon import Concept, Kind, Lexicon, packaged_document, packaged_lexicon

_BASE = "clinical"
_SUBJECTS: tuple[Kind, ...] = ("finding", "diagnosis")


class Vocabulary:
    """The concepts of one import."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._named = dict(named)
        self._concepts = dict(packaged_lexicon(_BASE).concepts)
        self._by_form: dict[str, str] = {}
        for concept in self._concepts.values():
            if concept.kind in _SUBJECTS:
                for form in (concept.id, concept.name, *concept.synonyms):
                    self._by_form.setdefault(_plain(form), concept.id)
        self.added: dict[str, str] = {}  # id by the label that asked for it

    def concept(self, label: str, kind: str) -> str:
        """Return the concept of a label; one that nothing knows is added as ``kind``."""
        wanted = self._named.get(label)
        if wanted is not None and wanted in self._concepts:
            return wanted
        found = self._by_form.get(_plain(wanted or label))
        if found is not None:
            return found
        return self._add(wanted or re.sub(r"\W+", "_", _plain(label)).strip("_"), label, kind)

    def name(self, concept: str) -> str:
        """Return a concept's name as a question writes it."""
        return self._concepts[concept].name

    def lexicon(self) -> Lexicon:
        """Return everything known so far."""
        return Lexicon(self._concepts)

    def document(self) -> dict[str, Any]:
        """Return ``lexicon.json``: the packaged one as it is, and what was added."""
        packaged = packaged_document(_BASE)
        known = {entry["id"] for entry in packaged["concepts"]}
        added = [
            {"id": c.id, "name": c.name, "kind": c.kind, "checkable": c.checkable}
            for c in self._concepts.values()
            if c.id not in known
        ]
        return {**packaged, "concepts": [*packaged["concepts"], *added]}

    def _add(self, concept_id: str, label: str, kind: str) -> str:
        name = _plain(label)
        self._concepts[concept_id] = Concept(
            id=concept_id, name=name, kind=cast(Kind, kind), checkable=kind == "finding"
        )
        self._by_form[_plain(concept_id)] = self._by_form[name] = concept_id
        self.added[label] = concept_id
        return concept_id


def _plain(label: str) -> str:
    """Return a name in lower case with single blanks; capitals of three letters or fewer stay."""
    words = re.sub(r"[\s_]+", " ", label.strip()).split(" ")
    return " ".join(w if w.isupper() and 1 < len(w) <= 4 else w.lower() for w in words)
