from dataclasses import replace

import numpy as np
import pytest

from pipeline.phantom.catalogue.modalities import MODALITIES, SOURCES
from pipeline.phantom.catalogue.types import NORMAL
from pipeline.phantom.scene import Referent, Scene, decide, draw_scene

SCENES: list[Scene] = [
    draw_scene(np.random.default_rng([1, n]), source, MODALITIES[source.modality], n % 4 + 1)
    for n in range(40)
    for source in SOURCES
]


def lesion(modality: str, concept: str, attribute: str | None, change: str | None) -> Referent:
    """Any drawn lesion of the type, given the facts that the diagnosis table looks at."""
    drawn = next(
        r
        for scene in SCENES
        if scene.modality.name == modality
        for r in scene.present
        if r.concept == concept
    )
    attributes = (("margin", attribute),) if attribute else ()
    return replace(drawn, attributes=attributes, change=change)


@pytest.mark.parametrize(
    ("modality", "facts", "diagnosis"),
    [
        ("xray", [("nodule", "smooth", None)], "granuloma"),
        ("xray", [("nodule", "spiculated", None)], "lung_cancer"),
        ("xray", [("nodule", "smooth", "larger")], "lung_cancer"),
        ("xray", [("nodule", "smooth", "stable")], "granuloma"),
        ("xray", [("nodule", "smooth", None), ("consolidation", None, None)], "pneumonia"),
        ("mri", [("mass", "necrotic", None)], "glioblastoma"),
        ("mri", [("mass", "solid", None), ("haematoma", None, None)], "stroke"),
        ("endoscopy", [("ulcer", "irregular", None)], "crohn_disease"),
        ("ultrasound", [("intracardiac_mass", "smooth", None)], "myxoma"),
    ],
)
def test_the_diagnosis_follows_from_the_visible_facts(modality, facts, diagnosis):
    referents = tuple(lesion(modality, *fact) for fact in facts)
    assert decide(MODALITIES[modality], referents)[1] == diagnosis


def test_resolved_lesions_and_empty_images_mean_a_normal_study():
    resolved = replace(lesion("xray", "nodule", "spiculated", "resolved"), current=None)
    assert decide(MODALITIES["xray"], (resolved,)) == (None, NORMAL)
    assert decide(MODALITIES["xray"], ()) == (None, NORMAL)


def test_every_lesion_type_leads_to_a_diagnosis():
    for scene in SCENES:
        assert scene.primary is not None
        assert scene.diagnosis != NORMAL


def test_lesions_lie_at_different_sites_and_resolved_types_are_gone():
    for scene in SCENES:
        sites = [r.site for r in scene.referents]
        assert len(sites) == len(set(sites))
        gone = {r.concept for r in scene.referents if r.current is None}
        assert gone.isdisjoint(r.concept for r in scene.present)


def test_a_change_shows_in_the_sizes_of_the_two_boxes():
    seen = set()
    for scene in SCENES:
        for r in scene.referents:
            if r.current is None or r.prior is None:
                assert r.change in (None, "new", "resolved")
                continue
            now, before = (
                np.subtract(
                    r.box(role, scene.modality.size)[2:], r.box(role, scene.modality.size)[:2]
                )
                for role in ("current", "prior")
            )
            ratio = float((now / before).mean())
            low, high = {"larger": (1.3, 2.2), "smaller": (0.45, 0.77), "stable": (0.9, 1.1)}[
                str(r.change)
            ]
            assert low < ratio < high
            seen.add(r.change)
    assert seen == {"larger", "smaller", "stable"}
