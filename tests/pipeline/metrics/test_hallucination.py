"""hallucination_rate against hand-computed cases: every verdict and every kind of fault."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.reading import read_dialogue
from tests.pipeline.metrics.cases import (
    LEXICON,
    claim,
    dialogue,
    finding,
    read,
    responses,
    rows,
    turn,
    value,
)

METRIC = "hallucination_rate"
FINDINGS = (
    finding("nodule", site="left_lung", change="larger"),
    finding("effusion", present=False),
    finding("tuberculosis", present=False),
)
BOTH = ("now", "then")


def case(image_ids=BOTH, asks=None):
    one = turn(1, "text", "x", image_ids=image_ids, asks=asks, claims=(claim("nodule"),))
    return dialogue(one, findings=FINDINGS)


def judged(text, image_ids=BOTH, asks=None):
    reading = read(case(image_ids, asks), {1: text})
    return [(c.claim.concept, c.verdict, c.fault) for c in reading.turns[0].claims]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("There is a nodule.", ("nodule", "supported", None)),
        ("There is a nodule in the left lung.", ("nodule", "supported", None)),
        ("There is a nodule in the right lung.", ("nodule", "contradicted", "wrong_site")),
        ("The nodule is larger.", ("nodule", "supported", None)),
        ("The nodule is smaller.", ("nodule", "contradicted", "wrong_change")),
        ("There is no nodule.", ("nodule", "contradicted", "false_denial")),
        ("There is no nodule in the right lung.", ("nodule", "supported", None)),
        ("The nodule has resolved.", ("nodule", "contradicted", "false_denial")),
        ("There is an effusion.", ("effusion", "contradicted", "false_finding")),
        ("There is no effusion.", ("effusion", "supported", None)),
        ("There is a fracture.", ("fracture", "unverifiable", None)),
        ("There is no fracture.", ("fracture", "unverifiable", None)),
        ("A fracture cannot be excluded.", ("fracture", None, None)),
        ("This is pneumonia.", ("pneumonia", None, None)),  # no image can support it
        ("This is tuberculosis.", ("tuberculosis", "contradicted", "false_finding")),
        ("It is spiculated.", ("spiculated", None, None)),  # an attribute
    ],
)
def test_claim_meets_the_annotation(text, expected):
    assert judged(text) == [expected]


def test_change_without_a_prior_shown_is_contradicted():
    assert judged("The nodule is larger.", ("now",)) == [
        ("nodule", "contradicted", "change_without_prior")
    ]
    two = dialogue(
        turn(1, "text", "x"), turn(2, "text", "x", image_ids=("then",)), findings=FINDINGS
    )
    reading = read(two, {1: "The nodule is larger.", 2: "The nodule is larger."})
    assert [t.claims[0].verdict for t in reading.turns] == ["contradicted", "supported"]


def test_change_of_nothing_in_particular():
    assert judged("It is larger.") == [("larger", "supported", None)]
    assert judged("It is smaller.") == [("smaller", "contradicted", "wrong_change")]
    assert judged("It is larger.", ("now",)) == [("larger", "contradicted", "change_without_prior")]
    assert judged("It is larger.", asks="nodule") == [("nodule", "supported", None)]


def test_bare_yes_and_no_are_claims_about_what_is_asked():
    assert judged("Yes.", asks="effusion") == [("effusion", "contradicted", "false_finding")]
    assert judged("No.", asks="effusion") == [("effusion", "supported", None)]
    assert judged("Yes.") == []


def test_leading_yes_is_one_claim_with_an_explicit_one():
    assert judged("Yes, there is a nodule.", asks="nodule") == [("nodule", "supported", None)]


def test_repeating_a_claim_within_a_turn_adds_nothing():
    text = "There is a nodule. The nodule is there. An effusion. Nodule."
    row = rows(case(), {1: text})[METRIC]
    assert (row.numerator, row.denominator) == (1, 2)


def test_repeating_a_claim_at_another_turn_counts_again():
    two = dialogue(turn(1, "text", "x"), turn(2, "text", "x"), findings=FINDINGS)
    row = rows(two, {1: "An effusion.", 2: "An effusion."})[METRIC]
    assert (row.numerator, row.denominator) == (2, 2)


@pytest.mark.parametrize("text", ["(B)", "(B) effusion", "effusion"])
def test_letter_and_option_text_claim_the_concept_of_the_option_once(text):
    one = turn(1, "choice", "A", choices=("nodule", "effusion"))
    row = rows(dialogue(one, findings=FINDINGS), {1: text})[METRIC]
    assert (row.numerator, row.denominator) == (1, 1)


def test_letter_of_a_change_claims_that_change():
    one = turn(1, "choice", "A", choices=("larger", "smaller"), image_ids=("now", "then"))
    two = dialogue(one, findings=(finding("nodule", change="larger"),))
    assert value(two, {1: "A"}, METRIC) == 0
    assert value(two, {1: "B"}, METRIC) == 1


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (finding("effusion", present=False, change="resolved"), "supported"),
        (finding("effusion", present=False), "contradicted"),
        (finding("effusion"), "contradicted"),
        (finding("fracture"), "unverifiable"),
    ],
)
def test_resolved_is_supported_by_a_row_alone_that_names_it(row, verdict):
    one = dialogue(turn(1, "text", "x", image_ids=("now", "then")), findings=(row,))
    reading = read(one, {1: "The effusion has resolved."})
    assert [c.verdict for c in reading.turns[0].claims] == [verdict]


def test_broader_site_is_supported_and_narrower_is_not():
    concepts = dict(LEXICON.concepts)
    concepts["left_upper_lobe"] = replace(
        concepts["left_lung"],
        id="left_upper_lobe",
        name="left upper lobe",
        group=None,
        part_of=("left_lung",),
    )
    lexicon = Lexicon(concepts)

    def verdicts(text, site):
        case = dialogue(turn(1, "text", "x"), findings=(finding("nodule", site=site),))
        return [
            c.verdict
            for c in read_dialogue(case, responses({1: text}), lexicon, "norm1000").turns[0].claims
        ]

    assert verdicts("A nodule in the left lung.", "left_upper_lobe") == ["supported"]
    assert verdicts("No nodule in the left lung.", "left_upper_lobe") == ["contradicted"]
    assert verdicts("A nodule in the right lung.", "left_upper_lobe") == ["contradicted"]
    assert verdicts("A nodule in the left upper lobe.", "left_lung") == ["contradicted"]


def test_strict_and_lenient_rate_and_kinds_by_hand():
    text = (
        "There is a nodule in the right lung. "  # wrong site
        "There is no effusion. "  # supported
        "There is a fracture. "  # unverifiable
        "Consolidation cannot be excluded."  # uncertain
    )
    by_name = rows(case(), {1: text})
    assert (by_name[METRIC].numerator, by_name[METRIC].denominator) == (2, 3)
    lenient = by_name["hallucination_rate_lenient"]
    assert (lenient.numerator, lenient.denominator) == (1, 2)
    kinds = {name: by_name[f"hallucination_{name}"].numerator for name in (
        "false_finding", "wrong_site", "wrong_change", "false_denial", "change_without_prior",
        "unverifiable",
    )}  # fmt: skip
    assert kinds == {
        "false_finding": 0,
        "wrong_site": 1,
        "wrong_change": 0,
        "false_denial": 0,
        "change_without_prior": 0,
        "unverifiable": 1,
    }
    uncertain = by_name["uncertain_claims"]
    assert (uncertain.numerator, uncertain.denominator) == (1, 4)


def test_no_claim_is_unscored_and_shows_in_the_coverage():
    by_name = rows(case(), {1: "The image is of good quality."})
    assert (by_name[METRIC].status, by_name[METRIC].reason) == ("unscored", "no checkable claim")
    assert by_name["claim_coverage"].numerator == 0
    assert by_name["claim_coverage"].denominator == 1
    assert "hallucination_rate_lenient" not in by_name


def test_failed_turn_claims_nothing():
    assert rows(case(), {1: None})[METRIC].status == "unscored"


SENTENCES = (
    "There is a nodule.",
    "There is no effusion.",
    "There is a nodule in the right lung.",
    "There is an effusion.",
    "There is no nodule in the left lung.",
)


@given(st.lists(st.sampled_from(SENTENCES), unique=True))
def test_adding_an_unsupported_claim_never_lowers_the_rate(said):
    before = value(case(), {1: " ".join(said)}, METRIC)
    after = value(case(), {1: " ".join([*said, "There is a fracture."])}, METRIC)
    assert after >= (before or 0.0)
    assert 0 <= after <= 1
