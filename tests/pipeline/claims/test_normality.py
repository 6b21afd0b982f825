"""Statements of normality as denials."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.schema import Finding
from pipeline.claims import Assertion, extract_assertions
from pipeline.dataset.lexicon import Concept, Lexicon
from pipeline.metrics.verdicts import judge_claims

CONCEPTS = (
    Concept(
        id="cardiomegaly",
        name="cardiomegaly",
        kind="finding",
        checkable=True,
        normal_when=("heart", "heart size", "cardiomediastinal silhouette"),
    ),
    Concept(
        id="widening",
        name="mediastinal widening",
        kind="finding",
        checkable=True,
        normal_when=("mediastinal contour", "cardiomediastinal silhouette"),
    ),
    Concept(
        id="consolidation",
        name="consolidation",
        kind="finding",
        checkable=True,
        normal_when=("lung", "lung field"),
    ),
    Concept(id="effusion", name="effusion", kind="finding", checkable=True),
    Concept(id="left_lung", name="left lung", kind="site", checkable=True),
    Concept(id="right_lung", name="right lung", kind="site", checkable=True),
)
LEXICON = Lexicon({c.id: c for c in CONCEPTS})


def denied(text: str, asks: str | None = None) -> set[str]:
    found = extract_assertions(text, LEXICON, asks)
    assert all(not a.claim.present for a in found if a.normality)
    return {a.claim.concept for a in found if a.normality}


@pytest.mark.parametrize(
    "text",
    [
        "The heart size is normal.",
        "Heart size normal.",
        "Normal heart size",
        "heart is normal in size and contour",
        "The heart appears to be within normal limits.",
        "Heart size is at the upper limits of normal.",
        "The heart is not enlarged.",
        "Unremarkable heart.",
    ],
)
def test_the_usual_wordings_deny_what_they_deny(text):
    assert denied(text) == {"cardiomegaly"}


def test_what_is_said_to_be_normal_together_is_denied_together():
    both = {"cardiomegaly", "widening"}
    assert denied("Normal heart size and mediastinal contours.") == both
    assert denied("The heart size and mediastinal contours are stable and normal.") == both
    assert denied("Heart size normal lungs are clear") == {"cardiomegaly", "consolidation"}


@pytest.mark.parametrize(
    "text",
    [
        "The lungs are otherwise clear.",
        "The remainder of the lungs is clear.",
        "The lungs are clear except for the left base.",
        "The lungs are not clear.",
        "The lungs are nearly normal.",
        "The heart is large.",
        "If the lungs are clear, no further image is needed.",
        "The lungs were clear on the prior study.",
        "Are the lungs clear?",
    ],
)
def test_partial_hypothetical_and_earlier_statements_deny_nothing(text):
    assert denied(text) == set()


def test_clear_of_denies_only_what_it_names():
    found = extract_assertions("The lungs are clear of effusion.", LEXICON)
    assert [(a.claim.concept, a.claim.present) for a in found] == [("effusion", False)]


def test_a_side_that_is_normal_is_denied_at_that_side():
    text = "The left lung is clear. There is a consolidation in the right lung."
    found = {(a.claim.present, a.claim.site) for a in extract_assertions(text, LEXICON)}
    assert found == {(False, "left_lung"), (True, "right_lung")}


def test_words_about_the_finding_itself_prevail():
    found = extract_assertions("The lungs are clear. There is a consolidation.", LEXICON)
    assert [a.claim.present for a in found] == [True]


def test_a_restated_question_of_normality_implies_nothing():
    assert extract_assertions("Are the lungs clear? Yes.", LEXICON, asks=None) == ()


def test_only_what_was_assessed_counts():
    rows = [
        Finding(concept="cardiomegaly", present=False),
        Finding(concept="consolidation", present=True),
    ]
    found = extract_assertions(
        "Heart size and mediastinal contours are normal. The lungs are clear.", LEXICON
    )
    verdicts = {j.claim.concept: j.verdict for j in judge_claims(found, rows, LEXICON, False)}
    assert verdicts == {
        "cardiomegaly": "supported", "widening": None, "consolidation": "contradicted",
    }  # fmt: skip


_WORDS = st.sampled_from(
    (
        *("heart", "size", "lungs", "left", "right", "are", "is", "normal", "clear", "not", "and"),
        *(",", ".", "limits", "within", "of", "no"),
    )
)


@given(st.lists(_WORDS, max_size=25))
def test_any_order_of_words_is_read_within_its_bounds(words):
    text = " ".join(words)
    found: tuple[Assertion, ...] = extract_assertions(text, LEXICON)
    assert all(0 <= a.start < a.end <= len(text) for a in found)
