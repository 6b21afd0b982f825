"""Catalogue entries of histopathology and cardiac ultrasound."""

from pipeline.phantom.catalogue.photographs import FIELD_SITES
from pipeline.phantom.catalogue.radiology import SMOOTH_OR_IRREGULAR
from pipeline.phantom.catalogue.types import FindingType, Look, Modality, Rule

HISTOPATHOLOGY = Modality(
    name="histopathology",
    image_noun="field",
    size=(224, 224),
    field_mm=(2, 4),
    sites=FIELD_SITES,
    findings=(
        FindingType(
            "tumour_nest",
            Look("round", (122, 70, 160), spots=(48, 16, 92)),
            attributes=SMOOTH_OR_IRREGULAR,
        ),
        FindingType(
            "gland",
            Look("round", (252, 250, 252), rim=(92, 40, 130), wall=0.36, texture=3),
            attributes={
                "gland_shape": {
                    "regular": {"outline": "round"},
                    "distorted": {"outline": "irregular"},
                }
            },
            radius=(0.095, 0.11),
        ),
        FindingType("necrosis", Look("cloud", (240, 84, 118), soft=0.3, texture=14)),
    ),
    rules=(
        Rule(concept="tumour_nest", attribute="irregular", diagnosis="invasive_cancer"),
        Rule(concept="tumour_nest", diagnosis="cancer_in_situ"),
        Rule(concept="gland", attribute="distorted", diagnosis="dysplasia"),
        Rule(concept="necrosis", diagnosis="ischaemic_injury"),
        Rule(concept="gland", diagnosis="metaplasia"),
    ),
)

_CHAMBERS = {
    "right_ventricle": (0.39, 0.42),
    "left_ventricle": (0.61, 0.42),
    "right_atrium": (0.37, 0.74),
    "left_atrium": (0.63, 0.74),
}
_PERICARDIUM = {"right_pericardium": (0.19, 0.53), "left_pericardium": (0.81, 0.53)}
ULTRASOUND = Modality(  # apical four-chamber view: the ventricles above, left heart on the right
    name="ultrasound",
    image_noun="view",
    size=(256, 224),
    field_mm=(140, 160, 180),
    sites={**_CHAMBERS, **_PERICARDIUM},
    findings=(
        FindingType(
            "intracardiac_mass",
            Look("round", (182, 182, 182), texture=18),
            attributes=SMOOTH_OR_IRREGULAR,
            sites=_CHAMBERS,
        ),
        FindingType("calcification", Look("dots", (255, 255, 255), texture=2), sites=_CHAMBERS),
        FindingType(
            "pericardial_effusion",
            Look("crescent", (2, 2, 2), rim=(235, 235, 235), wall=0.14, texture=2),
            radius=(0.1, 0.115),
            aspect=1.5,
            sites=_PERICARDIUM,
        ),
    ),
    rules=(
        Rule(concept="intracardiac_mass", attribute="irregular", diagnosis="thrombosis"),
        Rule(concept="pericardial_effusion", diagnosis="pericarditis"),
        Rule(concept="intracardiac_mass", diagnosis="myxoma"),
        Rule(concept="calcification", diagnosis="valve_disease"),
    ),
)
