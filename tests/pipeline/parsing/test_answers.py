"""Yes or no, and letters of choices, read from free text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.parsing.answers import parse_boolean, parse_choice


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Yes.", "yes"),
        ("yes", "yes"),
        ("YES, there is a nodule.", "yes"),
        ("**Yes**, clearly", "yes"),
        ("Answer: no", "no"),
        ("The final answer is: No.", "no"),
        ("\\boxed{yes}", "yes"),
        ("No nodule is seen.", "no"),
        ("Is there a nodule? No.", "no"),
        ("No, but there is an effusion.", "no"),
        ("I looked at both sides. Therefore, yes.", "yes"),
        ("The nodule is round, so no.", "no"),
        ("Definitely.", "yes"),
        ("Absolutely not.", "no"),
        ("Possibly.", "uncertain"),
        ("I'm not sure.", "uncertain"),
        ("It is unclear.", "uncertain"),
        ("Cannot be determined from this image.", "uncertain"),
    ],
)
def test_boolean_is_read_where_it_is_anchored(text, answer):
    assert parse_boolean(text) == answer


@pytest.mark.parametrize("text", ["Yes or no", "Yes and no."])
def test_both_are_no_answer(text):
    assert parse_boolean(text) in (None, "uncertain")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nodule",
        "A nodule, notably.",
        "yesterday",
        "None of these",
        "Nothing.",
        "No change.",
        "No doubt there is one.",
        "No longer seen.",
        "There is no nodule.",  # a statement, not an answer word
        "yes/no",
        "Yes. So, no.",
        "The image shows a chest. I would say yes to that maybe",
        "I'm sorry, I can't help with that.",
    ],
)
def test_boolean_is_not_guessed(text):
    assert parse_boolean(text) is None


CHOICES = ("right lung", "left lung", "both lungs", "lung")


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("(B)", "B"),
        ("B", "B"),
        ("b", "B"),
        ("A", "A"),
        ("B.", "B"),
        ("B) left lung", "B"),
        ("B: left lung", "B"),
        ("B - left lung", "B"),
        ("**B**", "B"),
        ("**(B)** left lung", "B"),
        ("answer: B", "B"),
        ("Answer: (b) left lung", "B"),
        ("Answer: B left lung", "B"),
        ("answer: A Right lung", "A"),
        ("The answer is A.", "A"),
        ("The answer is A because it is bright.", "A"),
        ("The answer is option C", "C"),
        ("The correct choice would be C, both lungs.", "C"),
        ("option b", "B"),
        ("It lies high and lateral, so C.", "C"),
        ("I choose D", "D"),
        ("The opacity is on both sides.\nC", "C"),
        ("\\boxed{B}", "B"),
        ("not (A) but (B)", "B"),
        ("Option A is incorrect. Option B is correct.", "B"),
        ("(B) left lung. (A) is unlikely.", "B"),
        ("I think the left lung.", "B"),
        ("A nodule in the left lung", "B"),
        ("I see it in the left  lung", "B"),
        ("It is the left lung, not the right lung.", "B"),
        ("The answer is a mass in the left lung", "B"),
        ("lung", "D"),
        ("Both lungs.", "C"),
    ],
)
def test_choice_is_read_from_an_explicit_letter_or_a_unique_option(text, letter):
    assert parse_choice(text, CHOICES) == letter


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A nodule.",
        "The answer is A nodule",
        "The answer is I think unclear",
        "I am not sure.",
        "E",
        "vitamin C is low",
        "Type B dissection and hepatitis B.",
        "A) right B) left C) both",
        "(A) or (B)",
        "The answer is A or B",
        "Answer: A, B",
        "right lung or left lung",
        "not (A)",
        "not the left lung",
        "The left lung is excluded.",
        "Disease of the left lung cannot be excluded.",
        "leftmost lungfish",
        "Yes.",
    ],
)
def test_choice_is_not_guessed(text):
    assert parse_choice(text, CHOICES) is None


def test_options_that_begin_with_their_letter_are_read_without_it():
    assert parse_choice("It is stable.", ("A. larger", "B. stable")) == "B"


def test_option_that_is_a_denial_is_read_as_it_is():
    assert parse_choice("No nodule is seen.", ("nodule", "no nodule")) == "B"


def test_no_options_give_no_letter():
    assert parse_choice("A", ()) is None


@given(st.text())
def test_any_text_is_read_without_error(text):
    assert parse_boolean(text) in (None, "yes", "no", "uncertain")
    assert parse_choice(text, CHOICES) in (None, "A", "B", "C", "D")


@given(st.sampled_from(CHOICES), st.integers(0, 3))
def test_letter_and_its_text_agree(option, place):
    rotated = CHOICES[place:] + CHOICES[:place]
    letter = "ABCD"[rotated.index(option)]
    assert parse_choice(f"({letter}) {option}", rotated) == letter
    assert parse_choice(f"It is {option}.", rotated) == letter
