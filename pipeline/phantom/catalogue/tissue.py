"""Catalogue entries of histopathology and cardiac ultrasound."""

from pipeline.phantom.catalogue.photographs import FIELD_SITES
from pipeline.phantom.catalogue.radiology import SMOOTH_OR_IRREGULAR
from pipeline.phantom.catalogue.types import FindingType, Look, Modality, Rule

HISTOPATHOLOGY = Modality(
    name="histopathology",
    image_noun="field",
    size=(224, 224),
    colour=True,
    field_mm=(2, 4),
    sites=FIELD_SITES,
    findings=(
        FindingType(
            concept="tumour_nest",
            look=Look(outline="round", colour=(122, 70, 160), spots=(48, 16, 92)),
            attributes=SMOOTH_OR_IRREGULAR,
        ),
        FindingType(
            concept="gland",
            look=Look(
                outline="round", colour=(252, 250, 252), rim=(92, 40, 130), wall=0.36, texture=3
            ),
            attributes={
                "gland_shape": {
                    "regular": {"outline": "round"},
                    "distorted": {"outline": "irregular"},
                }
            },
            radius=(0.095, 0.11),
        ),
        FindingType(
            concept="necrosis",
            look=Look(outline="cloud", colour=(240, 84, 118), soft=0.3, texture=14),
        ),
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
ULTRASOUND = Modality(  # apical four-chamber view: the ventricles above, left heart on the right
    name="ultrasound",
    image_noun="view",
    size=(256, 224),
    colour=False,
    field_mm=(140, 160, 180),
    sites={
        **_CHAMBERS,
        "right_pericardium": (0.19, 0.53),
        "left_pericardium": (0.81, 0.53),
    },
    findings=(
        FindingType(
            concept="intracardiac_mass",
            look=Look(outline="round", colour=(182, 182, 182), texture=18),
            attributes=SMOOTH_OR_IRREGULAR,
            sites=_CHAMBERS,
        ),
        FindingType(
            concept="calcification",
            look=Look(outline="dots", colour=(255, 255, 255), texture=2),
            sites=_CHAMBERS,
        ),
        FindingType(
            concept="pericardial_effusion",
            look=Look(
                outline="crescent", colour=(2, 2, 2), rim=(235, 235, 235), wall=0.14, texture=2
            ),
            radius=(0.1, 0.115),
            aspect=1.5,
            sites={"right_pericardium": (0.19, 0.53), "left_pericardium": (0.81, 0.53)},
        ),
    ),
    rules=(
        Rule(concept="intracardiac_mass", attribute="irregular", diagnosis="thrombosis"),
        Rule(concept="pericardial_effusion", diagnosis="pericarditis"),
        Rule(concept="intracardiac_mass", diagnosis="myxoma"),
        Rule(concept="calcification", diagnosis="valve_disease"),
    ),
)
