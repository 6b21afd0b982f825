"""The phantom's lexicon, made from the catalogue.

Ids read as names once underscores are spaces. Diagnoses exclude each other, and so do the values
of one attribute and the five changes; sites and findings do not: several can be there at once.
"""

from typing import Any

from pipeline.phantom.catalogue.modalities import MODALITIES
from pipeline.phantom.scene import CHANGES

_SYNONYMS: dict[str, tuple[str, ...]] = {
    "pleural_effusion": ("effusion",),
    "haematoma": ("hematoma",),
    "haemorrhage": ("hemorrhage",),
    "exudate": ("hard exudate",),
    "cotton_wool_spot": ("cotton-wool spot", "soft exudate"),
    "tumour": ("tumor",),
    "tumour_nest": ("tumor nest",),
    "naevus": ("nevus", "mole"),
    "vascular_lesion": ("angiomatous lesion",),
    "spiculated": ("spiky",),
    "stable": ("unchanged",),
    "larger": ("bigger", "grown", "increased in size"),
    "smaller": ("shrunk", "decreased in size"),
    "resolved": ("disappeared",),
    "lung_cancer": ("bronchial carcinoma",),
    "stroke": ("haemorrhagic stroke",),
    "normal_study": ("normal examination",),
    "ischaemic_injury": ("ischemic injury",),
}


def lexicon_document() -> dict[str, Any]:
    """Give ``lexicon.json`` as a plain document, in a fixed order."""
    entries: dict[str, tuple[str, str | None, bool]] = {}
    for modality in MODALITIES.values():
        for finding in modality.findings:
            entries[finding.concept] = ("finding", None, True)
            for group, values in finding.attributes.items():
                entries.update(dict.fromkeys(values, ("attribute", group, True)))
        entries.update(dict.fromkeys(modality.sites, ("site", None, True)))
        entries.update(dict.fromkeys(modality.diagnoses, ("diagnosis", "diagnosis", False)))
    entries.update(dict.fromkeys(CHANGES, ("change", "change", True)))
    concepts = [
        {
            "id": concept,
            "name": concept.replace("_", " "),
            "synonyms": list(_SYNONYMS.get(concept, ())),
            "kind": kind,
            "group": group,
            "checkable": checkable,
        }
        for concept, (kind, group, checkable) in sorted(entries.items())
    ]
    return {"schema_version": 1, "concepts": concepts}
