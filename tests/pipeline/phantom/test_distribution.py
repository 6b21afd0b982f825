"""The sample is held to the figures that the dataset promises, within its sampling error."""

from collections import Counter

import pytest

from actors.schema import ANSWER_TYPES, STEPS, Dialogue
from pipeline.dataset.describe import Description, describe
from pipeline.phantom.catalogue.modalities import MODALITIES


@pytest.fixture(scope="module")
def figures(dialogues: list[Dialogue]) -> Description:
    return describe(dialogues)


def test_turns_per_dialogue_average_5_3_with_a_tail_to_15(figures):
    assert figures.mean_turns == pytest.approx(5.3, abs=0.1)
    assert min(figures.turn_histogram) == 2
    assert figures.max_turns == 15
    assert sum(n for turns, n in figures.turn_histogram.items() if turns >= 10) >= 40


def test_every_modality_specialty_and_repository_occurs(figures):
    assert set(figures.groups["modality"]) == set(MODALITIES)
    assert len(figures.groups["specialty"]) == 6
    assert len(figures.groups["source"]) == 12
    assert all(name.startswith("phantom/") for name in figures.groups["source"])
    assert min(figures.groups["source"].values()) > 75


def test_a_repository_keeps_to_one_specialty_and_modality(dialogues):
    pairs = {(d.source, d.specialty, d.modality) for d in dialogues}
    assert len(pairs) == 12


def test_five_percent_come_from_non_western_health_systems(figures):
    assert figures.share(figures.groups["health_system"]["non_western"]) == pytest.approx(
        0.05, abs=0.02
    )


def test_a_third_has_a_prior_image_taken_days_before(dialogues, figures):
    assert figures.share(figures.with_prior) == pytest.approx(1 / 3, abs=0.04)
    for dialogue in dialogues:
        for image in dialogue.images:
            assert (image.days_before > 0) == (image.role == "prior")


def test_three_quarters_as_many_patients_as_dialogues(dialogues):
    owned = Counter(d.patient_id for d in dialogues)
    assert len(owned) == len(dialogues) * 3 // 4
    assert max(owned.values()) >= 3


def test_a_patient_keeps_to_one_source_and_health_system(dialogues):
    traits: dict[str, set[tuple[str, str]]] = {}
    for d in dialogues:
        traits.setdefault(d.patient_id, set()).add((d.source, d.health_system))
    assert {len(found) for found in traits.values()} == {1}


def test_every_answer_type_and_step_is_asked(figures):
    assert set(figures.answer_types) == set(ANSWER_TYPES) - {"phrase"}  # of imported sets alone
    assert set(figures.steps) == set(STEPS)
    assert min(figures.answer_types.values()) > 0.07 * figures.turns


def test_a_constant_yes_or_no_is_right_about_half_the_time(figures):
    assert figures.boolean_answers["yes"] / figures.answer_types["boolean"] == pytest.approx(
        0.5, abs=0.05
    )


@pytest.mark.parametrize("options", [2, 4, 5])
def test_right_letters_are_spread_evenly_over_the_options(dialogues, options):
    letters = Counter(t.answer for d in dialogues for t in d.turns if len(t.choices) == options)
    expected = letters.total() / options
    assert set(letters) == set("ABCDE"[:options])
    # chi-square with options - 1 degrees of freedom, critical value at 0.001 below 18.5
    assert sum((n - expected) ** 2 / expected for n in letters.values()) < 18.5


def test_most_dialogues_end_in_a_diagnosis_and_return_to_a_region(figures):
    assert figures.share(figures.with_diagnosis) >= 0.7
    assert figures.share(figures.with_referent_pair) >= 0.6


def test_referents_switch_and_return_and_some_lesions_are_never_asked_about(figures):
    assert figures.referent_returns >= 0.1 * figures.dialogues
    assert figures.referent_switches > figures.referent_returns
    assert figures.distractors >= 0.3 * figures.dialogues
    assert figures.absent_asked >= 0.3 * figures.dialogues


def test_annotators_agree_in_82_percent_on_average(figures):
    assert figures.mean_agreement == pytest.approx(0.82, abs=0.01)


def test_every_change_and_healthy_patients_occur(dialogues):
    changes = Counter(f.change for d in dialogues for f in d.findings)
    assert min(changes[c] for c in ("new", "larger", "stable", "smaller", "resolved")) > 50
    healthy = [d for d in dialogues if not any(r.region_id.endswith("current") for r in d.regions)]
    assert 0.05 < len(healthy) / len(dialogues) < 0.2


def test_questions_keep_to_a_small_vocabulary(dialogues):
    words = {
        word.strip("?.,:").lower()
        for d in dialogues
        for t in d.turns
        for word in t.question.split()
        if word.strip("?.,:").isalpha()
    }
    assert 60 < len(words) < 250
