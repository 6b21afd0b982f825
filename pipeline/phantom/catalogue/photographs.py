"""Catalogue entries of photographs: fundus, dermoscopy, endoscopy."""

from pipeline.phantom.catalogue.radiology import SMOOTH_OR_IRREGULAR
from pipeline.phantom.catalogue.types import FindingType, Look, Modality, Rule

FIELD_SITES = {
    "upper_left_field": (0.27, 0.27),
    "upper_right_field": (0.73, 0.27),
    "lower_left_field": (0.27, 0.73),
    "lower_right_field": (0.73, 0.73),
    "central_field": (0.5, 0.5),
}

FUNDUS = Modality(  # right eyes: the disc lies on the image's right, temporal is left
    name="fundus",
    image_noun="photograph",
    size=(256, 224),
    field_mm=(10, 12, 14),
    sites={
        "superotemporal_quadrant": (0.33, 0.24),
        "inferotemporal_quadrant": (0.33, 0.76),
        "superonasal_quadrant": (0.66, 0.23),
        "inferonasal_quadrant": (0.66, 0.77),
        "macula": (0.43, 0.5),
    },
    findings=(
        FindingType(
            "haemorrhage",
            Look("round", (70, 4, 8)),
            attributes={
                "bleed_shape": {
                    "blot_shaped": {"outline": "round"},
                    "flame_shaped": {"outline": "flame"},
                }
            },
        ),
        FindingType(
            "exudate",
            Look("dots", (255, 238, 120), texture=3),
            attributes={
                "deposit_pattern": {
                    "scattered": {"outline": "dots"},
                    "circinate": {"outline": "dot_ring"},
                }
            },
            radius=(0.09, 0.11),
        ),
        FindingType(
            "cotton_wool_spot", Look("cloud", (250, 242, 232), soft=0.45, texture=8), aspect=0.8
        ),
    ),
    rules=(
        Rule(concept="haemorrhage", attribute="flame_shaped", diagnosis="retinal_vein_occlusion"),
        Rule(concept="exudate", diagnosis="diabetic_retinopathy"),
        Rule(concept="haemorrhage", diagnosis="macroaneurysm"),
        Rule(concept="cotton_wool_spot", diagnosis="hypertensive_retinopathy"),
    ),
)

DERMOSCOPY = Modality(
    name="dermoscopy",
    image_noun="image",
    size=(224, 224),
    field_mm=(20, 24, 30),
    sites=FIELD_SITES,
    findings=(
        FindingType(
            "pigmented_lesion",
            Look("round", (98, 58, 36), texture=10),
            attributes={
                **SMOOTH_OR_IRREGULAR,
                "colouring": {"uniform": {}, "variegated": {"spots": (30, 34, 70)}},
            },
        ),
        FindingType(
            "vascular_lesion",
            Look("round", (205, 18, 40), gloss=True),
            attributes={
                "hue": {"red": {"colour": (214, 16, 36)}, "purple": {"colour": (108, 30, 128)}}
            },
        ),
        FindingType("crust", Look("cloud", (238, 208, 88), soft=0.2, texture=26)),
    ),
    rules=(
        Rule(concept="pigmented_lesion", attribute="irregular", diagnosis="melanoma"),
        Rule(concept="pigmented_lesion", attribute="variegated", diagnosis="melanoma"),
        Rule(concept="crust", diagnosis="actinic_keratosis"),
        Rule(concept="vascular_lesion", attribute="purple", diagnosis="angiokeratoma"),
        Rule(concept="vascular_lesion", diagnosis="cherry_angioma"),
        Rule(concept="pigmented_lesion", diagnosis="naevus"),
    ),
)

ENDOSCOPY = Modality(
    name="endoscopy",
    image_noun="frame",
    size=(256, 224),
    field_mm=(40, 50, 60),
    sites={
        "anterior_wall": (0.5, 0.21),
        "posterior_wall": (0.5, 0.79),
        "left_wall": (0.22, 0.5),
        "right_wall": (0.78, 0.5),
    },
    findings=(
        FindingType(
            "polyp",
            Look("round", (250, 176, 168), rim=(150, 40, 44), wall=0.16, gloss=True),
            attributes={
                "attachment": {
                    "sessile": {"outline": "round"},
                    "pedunculated": {"outline": "stalk"},
                }
            },
            radius=(0.095, 0.115),
        ),
        FindingType(
            "ulcer",
            Look("round", (248, 240, 190), rim=(160, 14, 22), wall=0.28),
            attributes=SMOOTH_OR_IRREGULAR,
            radius=(0.095, 0.115),
        ),
        FindingType(
            "bleeding", Look("cloud", (112, 0, 10), soft=0.2, texture=8), radius=(0.095, 0.115)
        ),
    ),
    rules=(
        Rule(concept="ulcer", attribute="irregular", diagnosis="crohn_disease"),
        Rule(concept="polyp", attribute="sessile", diagnosis="serrated_neoplasia"),
        Rule(concept="bleeding", diagnosis="angiodysplasia"),
        Rule(concept="ulcer", diagnosis="aphthous_colitis"),
        Rule(concept="polyp", diagnosis="tubular_neoplasia"),
    ),
)
