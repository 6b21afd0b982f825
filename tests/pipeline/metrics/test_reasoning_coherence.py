"""reasoning_coherence against hand-computed cases: R, S, C and what they make."""

import pytest

from pipeline.metrics.reasoning_coherence import coherence
from tests.pipeline.metrics.cases import (
    claim,
    dialogue,
    finding,
    read,
    rows,
    turn,
    value,
)

METRIC = "reasoning_coherence"
STEPS = dialogue(
    turn(
        1,
        "boolean",
        "yes",
        asks="nodule",
        step="finding",
        claims=(claim("nodule", site="left_lung"),),
    ),
    turn(
        2,
        "concept",
        "spiculated",
        step="characterisation",
        claims=(claim("spiculated"),),
    ),
    turn(3, "boolean", "no", asks="effusion", claims=(claim("effusion", present=False),)),
    turn(
        4,
        "concept",
        "lung_cancer",
        step="diagnosis",
        supports=(1, 2),
        claims=(claim("lung_cancer"),),
    ),
    findings=(finding("nodule", site="left_lung"), finding("effusion", present=False)),
)
GOLD = {
    1: "Yes, there is a nodule in the left lung.",
    2: "It is spiculated.",
    3: "No.",
    4: "Lung cancer.",
}


def parts(texts, case=STEPS):
    return coherence(read(case, texts))


def test_gold_line_scores_one():
    got = parts(GOLD)
    assert (got.recall, got.support, got.contradiction, got.value) == (1, 1, 0, 1)


def test_silence_scores_nothing():
    assert value(STEPS, {}, METRIC) == 0
    assert value(STEPS, dict.fromkeys(GOLD, "I cannot tell."), METRIC) == 0


def test_right_diagnosis_out_of_nothing_has_no_support():
    got = parts({4: "Lung cancer."})
    assert got.support == 0
    assert got.recall == pytest.approx(1 / 3)
    assert got.value == pytest.approx(1 / 6)


def test_wrong_diagnosis_has_no_support():
    got = parts({**GOLD, 4: "Pneumonia."})
    assert got.support == 0
    assert got.recall == pytest.approx(2 / 3)
    assert got.value == pytest.approx(1 / 3)


def test_support_counts_what_was_said_before_the_diagnosis():
    # spiculated comes only with the diagnosis: one of two supporting claims stands
    got = parts({1: GOLD[1], 4: "It is spiculated. Lung cancer."})
    assert got.support == 0.5
    assert got.recall == 1


def test_support_contradicted_afterwards_does_not_stand():
    got = parts({**GOLD, 3: "No. There is no nodule either."})
    assert got.support == 0.5
    # claimed twice or more: the nodule only, and it was contradicted
    assert got.contradiction == 1
    assert got.value == 0


def test_revision_to_what_is_not_so_is_a_contradiction():
    got = parts({**GOLD, 3: "On closer review, there is no nodule."})
    assert (got.support, got.contradiction, got.value) == (0.5, 1, 0)


@pytest.mark.parametrize(
    "revision",
    [
        "On closer review, there is a nodule.",
        "There is a nodule; my earlier answer was wrong.",
        "There is a nodule. I was wrong before.",
    ],
)
def test_revision_to_what_is_so_is_forgiven_and_may_be_repeated(revision):
    texts = {1: "No nodule.", 2: revision, 3: "A nodule."}
    reading = read(STEPS, texts)
    assert [(c.revised, c.forgiven) for c in reading.contradictions] == [(True, True)]
    assert parts(texts).contradiction == 0


def test_a_second_revision_of_one_concept_is_not_forgiven():
    again = "On closer review, there is a nodule."
    texts = {1: "No nodule.", 2: again, 3: "On closer review, no nodule.", 4: again}
    reading = read(STEPS, texts)
    assert [(c.later_turn, c.forgiven) for c in reading.contradictions] == [
        (2, True),
        (3, False),
        (4, False),
    ]
    assert parts(texts).contradiction == 1


def test_share_of_revised_claims_is_reported():
    texts = {1: "No nodule.", 2: "On closer review, there is a nodule.", 3: "A nodule."}
    assert value(STEPS, texts, "revised_claims") == pytest.approx(1 / 3)


def test_wrong_first_then_revised_to_right_stands():
    got = parts({**GOLD, 1: "No nodule.", 2: "I was wrong: there is a nodule. It is spiculated."})
    assert got.contradiction == 0
    assert got.support == 1


def test_contradiction_is_a_share_of_the_subjects_claimed_twice():
    # subjects at two turns or more: nodule (contradicted), effusion (not)
    texts = {1: "A nodule. No effusion.", 3: "No effusion. No nodule."}
    reading = read(STEPS, texts)
    assert reading.subjects == {"nodule", "effusion"}
    assert [(c.subject, c.earlier_turn, c.later_turn) for c in reading.contradictions] == [
        ("nodule", 1, 3)
    ]
    assert parts(texts).contradiction == 0.5
    assert value(STEPS, texts, "contradiction_rate") == 0.5


def test_claims_of_one_turn_are_not_held_against_each_other():
    reading = read(STEPS, {1: "A nodule in the left lung, no nodule in the right lung. No nodule."})
    assert reading.subjects == frozenset()
    assert reading.contradictions == ()


def test_two_sites_are_two_things():
    texts = {1: "A nodule in the left lung.", 3: "No nodule in the right lung."}
    assert parts(texts).contradiction == 0
    texts = {1: "A nodule in the left lung.", 3: "No nodule in the left lung."}
    assert parts(texts).contradiction == 1
    texts = {1: "A nodule in the left lung.", 3: "No nodule."}
    assert parts(texts).contradiction == 1  # only one names a site


def test_concepts_of_one_group_exclude_each_other():
    texts = {3: "It is smooth.", 4: "It is spiculated."}
    reading = read(STEPS, texts)
    assert reading.subjects == {"margin"}
    assert parts(texts).contradiction == 1
    assert parts({3: "It is not smooth.", 4: "It is spiculated."}).contradiction == 0


def test_changes_of_one_thing_exclude_each_other():
    case = dialogue(
        turn(1, "text", "x", image_ids=("now", "then")),
        turn(2, "text", "x", step="diagnosis", claims=(claim("pneumonia"),)),
    )
    assert parts({1: "The nodule is larger.", 2: "The nodule is stable."}, case).contradiction == 1
    assert parts({1: "The nodule is larger.", 2: "A nodule."}, case).contradiction == 0
    assert parts({1: "A nodule.", 2: "The nodule has resolved."}, case).contradiction == 0


def test_values_of_two_referents_are_two_things():
    case = dialogue(
        turn(1, "concept", "smooth", referent_id="r1"),
        turn(2, "concept", "spiculated", referent_id="r2", step="diagnosis", claims=()),
    )
    assert parts({1: "It is smooth.", 2: "It is spiculated."}, case).contradiction == 0
    assert parts({1: "A nodule.", 2: "No nodule."}, case).contradiction == 1


def test_order_of_the_steps_counts_between_turns_but_not_within_one():
    texts = {1: "It is spiculated.", 2: "There is a nodule.", 4: "Lung cancer."}
    assert parts(texts).recall == pytest.approx(2 / 3)
    texts = {2: "It is spiculated. There is a nodule.", 4: "Lung cancer."}
    assert parts(texts).recall == 1


def test_uncertain_claims_are_no_steps():
    got = parts({**GOLD, 1: "A nodule cannot be excluded."})
    assert got.recall == pytest.approx(2 / 3)
    assert got.support == 0.5


def test_dialogue_without_a_diagnosis_turn_is_unscored():
    case = dialogue(turn(1, "boolean", "yes", asks="nodule", step="finding"))
    row = rows(case, {1: "Yes."})[METRIC]
    assert (row.status, row.reason) == ("unscored", "no diagnosis turn")


def test_diagnosis_without_supports_is_judged_by_recall_alone():
    case = dialogue(turn(1, "concept", "pneumonia", step="diagnosis", claims=(claim("pneumonia"),)))
    got = parts({1: "Pneumonia."}, case)
    assert (got.recall, got.support, got.value) == (1, None, 1)


def test_failed_turn_is_silence():
    assert parts({**GOLD, 2: None}).recall == pytest.approx(2 / 3)
