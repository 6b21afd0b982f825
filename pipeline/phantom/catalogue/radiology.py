"""Catalogue entries of the grey-scale radiology modalities: chest film, abdominal CT, brain MRI.

As on a film viewed in the usual way, the patient's right is on the image's left.
"""

from typing import Final

from pipeline.phantom.catalogue.types import FindingType, Look, Modality, Rule

SMOOTH_OR_SPICULATED: Final = {
    "margin": {"smooth": {"outline": "round"}, "spiculated": {"outline": "spiculated"}}
}
SMOOTH_OR_IRREGULAR: Final = {
    "margin": {"smooth": {"outline": "round"}, "irregular": {"outline": "irregular"}}
}
WALL: Final = {"wall": {"thin_walled": {"wall": 0.22}, "thick_walled": {"wall": 0.55}}}

XRAY = Modality(
    name="xray",
    image_noun="film",
    size=(224, 256),
    field_mm=(280, 320, 360),
    sites={
        "right_upper_zone": (0.28, 0.27),
        "right_middle_zone": (0.27, 0.48),
        "right_lower_zone": (0.27, 0.69),
        "left_upper_zone": (0.72, 0.27),
        "left_middle_zone": (0.73, 0.48),
        "left_lower_zone": (0.76, 0.69),
    },
    findings=(
        FindingType("nodule", Look("round", (238, 238, 238)), attributes=SMOOTH_OR_SPICULATED),
        FindingType(
            "cavity",
            Look("round", (18, 18, 18), rim=(235, 235, 235), wall=0.3),
            attributes=WALL,
            radius=(0.095, 0.11),
        ),
        FindingType(
            "consolidation",
            Look("cloud", (222, 222, 222), soft=0.5, texture=22),
            attributes={"density": {"dense": {"opacity": 0.95}, "faint": {"opacity": 0.5}}},
            radius=(0.1, 0.115),
            aspect=0.85,
        ),
        FindingType(
            "pleural_effusion",
            Look("meniscus", (215, 215, 215), texture=4),
            radius=(0.11, 0.13),
            aspect=0.75,
            sites={"right_lower_zone": (0.26, 0.74), "left_lower_zone": (0.74, 0.74)},
        ),
    ),
    rules=(
        Rule(concept="cavity", diagnosis="tuberculosis"),
        Rule(concept="nodule", attribute="spiculated", diagnosis="lung_cancer"),
        Rule(concept="nodule", changes=("larger", "new"), diagnosis="lung_cancer"),
        Rule(concept="consolidation", diagnosis="pneumonia"),
        Rule(concept="pleural_effusion", diagnosis="heart_failure"),
        Rule(concept="nodule", diagnosis="granuloma"),
    ),
)

CT = Modality(
    name="ct",
    image_noun="slice",
    size=(256, 224),
    field_mm=(320, 360, 400),
    sites={
        "right_liver_lobe": (0.24, 0.44),
        "left_liver_lobe": (0.47, 0.35),
        "spleen": (0.79, 0.46),
        "right_kidney": (0.33, 0.70),
        "left_kidney": (0.67, 0.70),
    },
    findings=(
        FindingType(
            "cyst",
            Look("round", (22, 22, 22), texture=3),
            attributes={
                "content": {"unilocular": {}, "septated": {"septum": (225, 225, 225)}},
            },
        ),
        FindingType(
            "tumour", Look("round", (244, 244, 244), texture=10), attributes=SMOOTH_OR_SPICULATED
        ),
        FindingType(
            "collection",
            Look("round", (45, 45, 45), rim=(250, 250, 250), wall=0.3),
            attributes=WALL,
            radius=(0.095, 0.11),
        ),
    ),
    rules=(
        Rule(concept="tumour", attribute="spiculated", diagnosis="carcinoma"),
        Rule(concept="tumour", changes=("larger", "new"), diagnosis="carcinoma"),
        Rule(concept="collection", diagnosis="abscess"),
        Rule(concept="tumour", diagnosis="adenoma"),
        Rule(concept="cyst", attribute="septated", diagnosis="hydatid_disease"),
        Rule(concept="cyst", diagnosis="polycystic_disease"),
    ),
)

MRI = Modality(
    name="mri",
    image_noun="slice",
    size=(224, 224),
    field_mm=(180, 200, 220),
    sites={
        "right_frontal_lobe": (0.37, 0.26),
        "left_frontal_lobe": (0.63, 0.26),
        "right_temporal_lobe": (0.27, 0.5),
        "left_temporal_lobe": (0.73, 0.5),
        "right_occipital_lobe": (0.37, 0.75),
        "left_occipital_lobe": (0.63, 0.75),
    },
    findings=(
        FindingType(
            "mass",
            Look("round", (215, 215, 215), texture=8),
            attributes={
                "interior": {
                    "solid": {},
                    "necrotic": {"colour": (35, 35, 35), "rim": (235, 235, 235), "wall": 0.42},
                }
            },
        ),
        FindingType(
            "haematoma", Look("round", (8, 8, 8), texture=3), attributes=SMOOTH_OR_IRREGULAR
        ),
        FindingType("plaque", Look("dots", (252, 252, 252), texture=3), radius=(0.095, 0.11)),
    ),
    rules=(
        Rule(concept="mass", attribute="necrotic", diagnosis="glioblastoma"),
        Rule(concept="mass", changes=("larger", "new"), diagnosis="glioblastoma"),
        Rule(concept="haematoma", diagnosis="stroke"),
        Rule(concept="mass", diagnosis="meningioma"),
        Rule(concept="plaque", diagnosis="multiple_sclerosis"),
    ),
)
