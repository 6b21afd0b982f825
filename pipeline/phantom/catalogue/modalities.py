"""The joined catalogue: modalities by name, the twelve emulated repositories, and the lexicon.

Concept ids read as names once underscores are spaces. Diagnoses exclude each other, and so do the
values of one attribute and the five changes; sites and findings do not.
"""

from typing import Any

from pipeline.phantom.catalogue.photographs import DERMOSCOPY, ENDOSCOPY, FUNDUS
from pipeline.phantom.catalogue.radiology import CT, MRI, XRAY
from pipeline.phantom.catalogue.tissue import HISTOPATHOLOGY, ULTRASOUND
from pipeline.phantom.catalogue.types import Modality, Source
from pipeline.phantom.scene import CHANGES

MODALITIES: dict[str, Modality] = {
    modality.name: modality
    for modality in (XRAY, CT, MRI, FUNDUS, DERMOSCOPY, HISTOPATHOLOGY, ENDOSCOPY, ULTRASOUND)
}

SOURCES: tuple[Source, ...] = (
    Source(name="phantom/MIMIC-CXR", specialty="radiology", modality="xray"),
    Source(name="phantom/CheXpert", specialty="radiology", modality="xray"),
    Source(name="phantom/DeepLesion", specialty="radiology", modality="ct"),
    Source(name="phantom/LiTS", specialty="radiology", modality="ct"),
    Source(name="phantom/BraTS", specialty="radiology", modality="mri"),
    Source(name="phantom/IDRiD", specialty="ophthalmology", modality="fundus"),
    Source(name="phantom/MESSIDOR", specialty="ophthalmology", modality="fundus"),
    Source(name="phantom/HAM10000", specialty="dermatology", modality="dermoscopy"),
    Source(name="phantom/CAMELYON16", specialty="pathology", modality="histopathology"),
    Source(name="phantom/PanNuke", specialty="pathology", modality="histopathology"),
    Source(name="phantom/Kvasir", specialty="gastroenterology", modality="endoscopy"),
    Source(name="phantom/CAMUS", specialty="cardiology", modality="ultrasound"),
)

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
    """Return the content of ``lexicon.json``, in a fixed order."""
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
