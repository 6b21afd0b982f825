"""turn_accuracy against hand-computed cases, answer type by answer type."""

import pytest

from tests.pipeline.metrics.cases import (
    RIGHT,
    claim,
    dialogue,
    finding,
    read,
    region,
    rows,
    turn,
    value,
)

NODULE = finding("nodule", site="left_lung")


def accuracy(one, text, **parts):
    return value(dialogue(one, **parts), {1: text}, "turn_accuracy")


@pytest.mark.parametrize(
    ("gold", "text", "score"),
    [
        ("yes", "Yes, there is.", 1),
        ("yes", "No.", 0),
        ("no", "A nodule.", 0),  # "no" is not in "nodule"
        ("no", "No nodule is seen.", 1),
        ("yes", "Possibly.", 0),
        ("yes", "", 0),
        ("yes", "I cannot answer that.", 0),
    ],
)
def test_boolean(gold, text, score):
    assert accuracy(turn(1, "boolean", gold, asks="nodule"), text) == score


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("(B)", 1),
        ("Answer: B", 1),
        ("It is in the left lung.", 1),
        ("A nodule is there.", 0),
        ("(A)", 0),
        ("(A) or (B)", 0),
    ],
)
def test_choice(text, score):
    one = turn(1, "choice", "B", choices=("right lung", "left lung"))
    assert accuracy(one, text) == score


@pytest.mark.parametrize(
    ("text", "score"),
    [("12 mm", 1), ("1.2 cm", 1), ("13.5 mm", 1), ("13.6 mm", 0), ("12 to 13 mm", 0), ("12", 1)],
)
def test_number_within_its_tolerance(text, score):
    assert accuracy(turn(1, "number", "12 mm", tolerance=1.5), text) == score


def test_number_without_a_tolerance_must_be_equal():
    assert accuracy(turn(1, "number", "3"), "There are three.") == 1
    assert accuracy(turn(1, "number", "3"), "There are 4.") == 0


def test_coordinates_of_the_box_are_no_answer():
    one = turn(1, "number", "100 mm", region_id="a")
    assert accuracy(one, RIGHT, regions=[region("a")]) == 0


@pytest.mark.parametrize(
    ("gold", "text", "score"),
    [
        ("pneumonia", "This is pneumonia.", 1),
        ("pneumonia", "Pneumonia or lung cancer.", 0),
        ("pneumonia", "No pneumonia.", 0),
        ("pneumonia", "Pneumonia cannot be excluded.", 0),
        ("pneumonia", "Pneumonia, not lung cancer.", 1),
        ("left_lung", "The nodule is in the left lung.", 1),
        ("left_lung", "Left lung.", 1),
        ("left_lung", "There is a nodule in the right lung.", 0),
        ("larger", "It has grown larger.", 1),
    ],
)
def test_concept_is_affirmed_and_no_other_of_its_group(gold, text, score):
    assert accuracy(turn(1, "concept", gold, asks="nodule"), text) == score


@pytest.mark.parametrize(
    ("box", "score"),
    [
        (RIGHT, 1),
        ("[100, 100, 300, 200]", 1),  # IoU exactly 0.5
        ("[100, 100, 300, 199]", 0),
        ("[0, 0, 1000, 1000]", 0),  # the whole image
        ("It is in the left lung.", 0),
    ],
)
def test_region(box, score):
    one = turn(1, "region", region_id="a")
    assert accuracy(one, f"Here: {box}", regions=[region("a")]) == score


def test_point_counts_inside_its_region_only():
    case = dialogue(turn(1, "region", region_id="a"), regions=[region("a")])
    inside, outside = '<point x="20" y="20" alt="">', '<point x="40" y="20" alt="">'
    assert value(case, {1: inside}, "turn_accuracy", "molmo") == 1
    assert value(case, {1: outside}, "turn_accuracy", "molmo") == 0


def test_site_stands_in_for_the_region_where_no_box_is_declared():
    case = dialogue(turn(1, "region", region_id="a"), regions=[region("a")])
    for text, score in [
        ("The nodule is in the left lung.", 1),
        ("The nodule is in the right lung.", 0),
        ("Nodules in the left lung and in the right lung.", 0),
        (RIGHT, 0),
    ]:
        assert value(case, {1: text}, "turn_accuracy", "none") == score, text


# The expert: a nodule in the left lung, no effusion.
EXPERT = (claim("nodule", site="left_lung"), claim("effusion", present=False))
ANNOTATION = (NODULE, finding("effusion", present=False), finding("consolidation", present=False))


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("There is a nodule in the left lung. No effusion.", 1),
        # recall 1/2, precision 1/1
        ("There is a nodule in the left lung.", 2 / 3),
        # recall 2/2, precision 2/3: consolidation was assessed and is absent
        ("Nodule in the left lung. No effusion. There is consolidation.", 0.8),
        # recall 2/2, precision 2/3: fracture was not assessed
        ("Nodule in the left lung. No effusion. There is a fracture.", 0.8),
        # recall 1/2 (the site is wrong), precision 1/2
        ("Nodule in the right lung. No effusion.", 0.5),
        ("The image is unremarkable.", 0),
        ("", 0),
    ],
)
def test_text_is_f1_of_recall_and_precision(text, score):
    one = turn(1, "text", "expert", claims=EXPERT)
    assert accuracy(one, text, findings=ANNOTATION) == pytest.approx(score)


def test_text_with_uncheckable_claims_only_is_recall():
    one = turn(1, "text", "expert", claims=(claim("pneumonia"),))
    assert accuracy(one, "This is pneumonia.") == 1
    assert accuracy(one, "This is lung cancer.") == 0


def test_failed_and_missing_turns_count_as_wrong():
    case = dialogue(*(turn(n, "boolean", "yes", asks="nodule") for n in (1, 2, 3, 4)))
    row = rows(case, {1: "Yes.", 2: None, 3: "Yes."})["turn_accuracy"]
    assert (row.numerator, row.denominator) == (2, 4)


def test_turn_that_cannot_be_scored_is_left_out():
    case = dialogue(turn(1, "boolean", "yes", asks="nodule"), turn(2, "text", "Nothing to add."))
    row = rows(case, {1: "Yes.", 2: "Nothing to add."})["turn_accuracy"]
    assert (row.numerator, row.denominator) == (1, 1)


def test_reasoning_is_no_answer():
    one = turn(1, "boolean", "yes", asks="nodule")
    assert accuracy(one, "<think>No? Yes?</think>Yes.") == 1
    assert accuracy(one, "<think>Yes. Yes, surely") == 0


def test_each_turn_number_has_its_row():
    case = dialogue(*(turn(n, "boolean", "yes", asks="nodule") for n in (1, 2)))
    by_name = rows(case, {1: "Yes.", 2: "No."})
    assert by_name["turn_accuracy@1"].numerator == 1
    assert by_name["turn_accuracy@2"].numerator == 0
    assert "turn_accuracy@3" not in by_name


def test_gold_answer_that_is_no_number_is_named():
    with pytest.raises(ValueError, match="'large'"):
        accuracy(turn(1, "number", "large"), "5")


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("The nodule is larger.", 1.0),
        ("It has increased: larger.", 1.0),
        ("The nodule is smaller.", 0.0),
        ("The nodule is not larger.", 0.0),
        ("There is a nodule.", 0.0),
        ("There is no nodule.", 0.0),
        ("It is not larger.", 0.0),
    ],
)
def test_an_answer_about_change_has_to_name_the_change(text, score):
    case = dialogue(
        turn(1, "region", region_id="a", image_ids=("now", "then")),
        turn(2, "text", "Larger.", claims=(claim("nodule", change="larger"),)),
        findings=(finding("nodule", change="larger"),),
        regions=[region("a")],
    )
    assert rows(case, {2: text})["turn_accuracy"].numerator == score


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("There is no nodule.", "no"),
        ("There is a nodule.", "yes"),
        ("A nodule may be present.", "uncertain"),
        ("There is a nodule on the left lung. There is no nodule on the right lung.", None),
        ("There is no effusion.", None),
    ],
)
def test_one_certain_claim_about_what_is_asked_answers_a_yes_or_no(text, answer):
    case = dialogue(turn(1, "boolean", "no", asks="nodule"))
    assert read(case, {1: text}).turns[0].answer == answer


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("A nodule.", 1),
        ("There is no nodule. There is a nodule.", 0),
        ("A nodule in the left lung, and no nodule in the right lung.", 1),
    ],
)
def test_a_concept_that_is_also_denied_is_not_the_answer(text, score):
    case = dialogue(turn(1, "concept", "nodule"))
    assert value(case, {1: text}, "turn_accuracy") == score
