"""Report sentences of all specialties, read with the packaged lexicon."""

import pytest

from pipeline.claims import extract_assertions, packaged_lexicon

CHEST = {
    "Degenerative changes of the thoracic spine.": "+degenerative_change",
    "Patchy airspace disease at the right base.": "+airspace_disease",
    "A new infiltrate in the left lower lobe.": "+infiltrate",
    "The aorta is tortuous and calcified.": "+tortuous_aorta",
    "Atherosclerotic calcification of the aortic arch.": "+aortic_atherosclerosis",
    "Low volumes with bronchovascular crowding.": "+low_lung_volumes +bronchovascular_crowding",
    "Hyperexpanded lungs, flat diaphragms.": "+hyperinflation +flattened_diaphragm",
    "Calcified granuloma in the left apex.": "+calcified +granuloma",
    "Biapical scarring and mild scoliosis.": "+pulmonary_scarring +mild +scoliosis",
    "Blunting of the left costophrenic angle.": "+costophrenic_blunting",
    "A right PICC line and a left chest tube.": "+picc +chest_drain",
    "Median sternotomy wires and CABG clips.": "+sternotomy +cabg",
    "The right hemidiaphragm is elevated.": "+elevated_hemidiaphragm",
    "The heart is mildly enlarged.": "+cardiomegaly",
    "No acute cardiopulmonary abnormality.": "-acute_cardiopulmonary_abnormality",
}
OTHERS = {
    "Chronic small vessel ischaemic changes and generalised atrophy.": (
        "+white_matter_lesion +brain_atrophy +chronic"
    ),
    "A disc bulge with foraminal narrowing at L4-L5.": "+disc_degeneration +spinal_stenosis",
    "There is no hydroureter; a nonobstructing kidney stone is seen.": (
        "-hydronephrosis +renal_calculus"
    ),
    "Dilated loops of small bowel without free air.": "+bowel_obstruction -pneumoperitoneum",
    "Dot and blot hemorrhages with a few hard exudates.": "+retinal_haemorrhage +hard_exudate",
    "Increased cup-to-disc ratio and peripapillary atrophy.": (
        "+optic_disc_cupping +peripapillary_atrophy"
    ),
    "Scaly erythematous plaques with excoriations.": "+scaling +erythema +plaque +excoriation",
    "Arborizing vessels, leaf-like areas and ulceration.": (
        "+arborising_vessel +leaf_like_area +ulceration"
    ),
    "Hyperchromatic nuclei, frequent mitoses and tumour necrosis.": (
        "+nuclear_atypia +mitosis +necrosis"
    ),
    "Signet ring cells infiltrate a desmoplastic stroma.": "+signet_ring_cell +fibrosis",
    "Antral erythema with erosions; no ulcer.": "+mucosal_erythema +erosion -ulcer",
    "Sigmoid diverticulosis and internal haemorrhoids.": "+diverticulum +haemorrhoid",
    "The left ventricle is mildly dilated with global hypokinesis.": (
        "+left_ventricular_dilatation +wall_motion_abnormality"
    ),
    "Moderate mitral insufficiency, no pericardial effusion.": (
        "+mitral_regurgitation -pericardial_effusion +moderate"
    ),
}
NORMAL = {
    "The cardiomediastinal silhouette is within normal limits.": "cardiomegaly",
    "The lungs are clear.": "consolidation",
    "Bony structures are intact.": "fracture",
    "The trachea is midline.": "mediastinal_shift",
    "Normal pulmonary vascularity.": "pulmonary_congestion",
    "The liver, spleen and kidneys are unremarkable.": "splenomegaly",
    "The ventricles are normal in size.": "hydrocephalus",
    "The optic disc is normal.": "disc_oedema",
    "Normal colonic mucosa.": "polyp",
    "Left ventricular systolic function is normal.": "reduced_ejection_fraction",
}


@pytest.mark.parametrize(("text", "expected"), [*CHEST.items(), *OTHERS.items()])
def test_findings_of_each_specialty_are_named(text, expected):
    found = extract_assertions(text, packaged_lexicon("clinical"))
    read = {f"{'+' if a.claim.present else '-'}{a.claim.concept}" for a in found}
    assert set(expected.split()) <= read


@pytest.mark.parametrize(("text", "concept"), NORMAL.items())
def test_statements_of_normality_deny_in_each_specialty(text, concept):
    found = extract_assertions(text, packaged_lexicon("clinical"))
    assert (concept, False) in {(a.claim.concept, a.claim.present) for a in found}
    assert all(a.normality for a in found)


@pytest.mark.parametrize(
    "text",
    [
        "The sole explanation, says Dr. Smith, is the tip of an MR coil.",
        "An AI model answered; the failure was in the software.",
    ],
)
def test_ordinary_words_and_initials_are_no_findings(text):
    assert extract_assertions(text, packaged_lexicon("clinical")) == ()
