import pytest

from actors.schema import Claim
from pipeline.claims import Assertion, extract_assertions, leading_answer
from pipeline.dataset.lexicon import Concept, Kind, Lexicon


def concept(id: str, kind: Kind = "finding", *synonyms: str, group: str | None = None) -> Concept:
    name = id.replace("_", " ")
    return Concept(
        id=id, name=name, synonyms=tuple(synonyms), kind=kind, group=group, checkable=True
    )


LEXICON = Lexicon(
    {
        c.id: c
        for c in (
            *map(concept, ("nodule", "mass", "consolidation", "opacity", "pneumothorax")),
            concept("effusion", "finding", "pleural effusion"),
            concept("pneumonia", "diagnosis"),
            concept("malignant", "attribute", group="nature"),
            concept("benign", "attribute", group="nature"),
            *(concept(s, "site") for s in ("left_lung", "right_lung", "left_upper_zone")),
            *(concept(s, "change") for s in ("new", "larger", "stable", "smaller", "resolved")),
        )
    }
)


def claims(text: str, asks: str | None = None, certainty: str = "certain") -> list[Claim]:
    found = extract_assertions(text, LEXICON, asks)
    return [a.claim for a in found if a.certainty == certainty]


def yes(concept: str, site: str | None = None, change: str | None = None) -> Claim:
    return Claim(concept=concept, present=True, site=site, change=change)


def no(concept: str, site: str | None = None, change: str | None = None) -> Claim:
    return Claim(concept=concept, present=False, site=site, change=change)


@pytest.mark.parametrize(
    ("text", "asks", "expected"),
    [
        ("No new consolidation; persistent opacity.", None, [no("consolidation"), yes("opacity")]),
        ("No change.", "nodule", [yes("nodule", change="stable")]),
        ("No change.", None, [yes("stable")]),
        ("Yes.", "nodule", [yes("nodule")]),
        ("No, there is no nodule.", "nodule", [no("nodule")]),
        ("No, it is unchanged.", "nodule", [no("nodule")]),
        ("Yes, it is unchanged.", "nodule", [yes("nodule", change="stable")]),
        ("Yes, in the left upper zone.", "nodule", [yes("nodule", "left_upper_zone")]),
        ("In the left upper zone.", "nodule", [yes("left_upper_zone")]),
        ("The nodule has resolved.", None, [no("nodule", change="resolved")]),
        ("The nodule has not grown.", None, [yes("nodule")]),
        ("No effusion or pneumothorax.", None, [no("effusion"), no("pneumothorax")]),
        ("A nodule, sorry, a mass in the left lung.", None, [yes("mass", "left_lung")]),
        ("Is there a nodule? No.", None, [no("nodule")]),
        ("If there were a nodule, a mass would be expected.", None, []),
    ],
)
def test_an_answer_makes_these_claims(text, asks, expected):
    assert claims(text, asks) == expected


def test_what_cannot_be_excluded_is_uncertain_and_no_claim():
    assert claims("Pneumonia cannot be excluded.") == []
    assert claims("Pneumonia cannot be excluded.", certainty="uncertain") == [yes("pneumonia")]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Yes.", "yes"),
        ("**Answer:** no", "no"),
        ("No nodule is seen.", None),
        ("No, the lungs are clear", "no"),
        ("Possibly.", "uncertain"),
        ("Definitely not.", "no"),
        ("Definitely not a nodule.", None),
        ("The nodule is large.", None),
    ],
)
def test_a_leading_answer_is_read_only_where_it_stands_alone(text, answer):
    assert leading_answer(text) == answer


def only(text: str, asks: str | None = None) -> Assertion:
    (assertion,) = extract_assertions(text, LEXICON, asks)
    return assertion


def test_a_span_covers_the_mention_and_an_implied_claim_has_none():
    text = "There is a small Nodule."
    assertion = only(text)
    assert text[assertion.start : assertion.end] == "Nodule"
    assert (only("Yes.", "nodule").start, only("Yes.", "nodule").end) == (-1, -1)


@pytest.mark.parametrize(
    ("text", "certainty", "present"),
    [
        ("A nodule.", "certain", True),
        ("Probably a nodule.", "certain", True),
        ("Possibly a nodule.", "uncertain", True),
        ("Possibly no nodule.", "uncertain", False),
        ("A nodule is unlikely.", "certain", False),
    ],
)
def test_only_what_is_merely_possible_is_no_claim(text, certainty, present):
    found = only(text)
    assert (found.certainty, found.claim.present) == (certainty, present)


@pytest.mark.parametrize(
    ("text", "asks", "concept", "change"),
    [
        ("A nodule.", None, "nodule", None),
        ("Pneumonia.", None, "pneumonia", None),
        ("It looks malignant.", None, "malignant", None),
        ("In the left lung.", "nodule", "left_lung", None),
        ("Unchanged.", "nodule", "nodule", "stable"),
        ("Unchanged.", None, "stable", None),
        ("Yes.", "pneumonia", "pneumonia", None),
    ],
)
def test_a_claim_is_about_what_is_named_else_about_what_is_asked(text, asks, concept, change):
    claim = only(text, asks).claim
    assert (claim.concept, claim.change) == (concept, change)


@pytest.mark.parametrize(
    "text",
    [
        "On closer review, there is no nodule.",
        "I was wrong: there is no nodule.",
        "I was wrong. There is no nodule.",
        "My earlier answer was incorrect, there is no nodule.",
        "Correction: there is no nodule.",
        "No. On second look, no.",
    ],
)
def test_an_explicit_revision_is_marked(text):
    assert all(a.revised for a in extract_assertions(text, LEXICON, "nodule") if a.start >= 0)
    assert {a.claim for a in extract_assertions(text, LEXICON, "nodule")} == {no("nodule")}


def test_a_plain_statement_is_no_revision():
    assert not only("There is no nodule.").revised
    first, second = extract_assertions("I was wrong: a nodule. There is a mass.", LEXICON)
    assert (first.revised, second.revised) == (True, False)


def test_a_revision_removes_what_it_contradicts_in_the_same_answer():
    text = "The nodule is benign. On closer review, it is malignant."
    assert claims(text) == [yes("nodule"), yes("malignant")]
    assert claims("A nodule. On closer review, there is no nodule.") == [no("nodule")]


def test_a_contradiction_without_a_revision_stays():
    assert claims("There is a nodule. There is no nodule.") == [yes("nodule"), no("nodule")]


def test_a_claim_that_says_less_is_part_of_one_that_says_more():
    assert claims("A nodule. The nodule in the left lung. A nodule.") == [
        yes("nodule", "left_lung")
    ]
    assert claims("No nodule. No nodule in the left lung.") == [
        no("nodule"),
        no("nodule", "left_lung"),
    ]


def test_two_places_are_two_claims():
    text = "A nodule in the left lung and in the right lung."
    assert claims(text) == [yes("nodule", "left_lung"), yes("nodule", "right_lung")]


def test_explicit_words_outweigh_an_opposite_yes_or_no():
    assert claims("No, the nodule has grown.", "nodule") == [yes("nodule", change="larger")]
    assert claims("Yes. There is no nodule.", "nodule") == [no("nodule")]


def test_a_change_of_what_was_asked_never_outweighs_a_yes_or_no():
    assert claims("No. It is stable.", "nodule") == [no("nodule")]
    assert claims("No, it has resolved.", "nodule") == [no("nodule", change="resolved")]
    assert claims("Yes, it has resolved.", "nodule") == [yes("nodule")]


@pytest.mark.parametrize(
    "text",
    [
        "The heart is stable.",
        "No. The heart is stable.",
        "Improved aeration.",
        "There are worsened lung volumes.",
        "Stable heart size.",
        "The left lung is unchanged.",
    ],
)
def test_a_change_of_something_else_says_nothing_about_what_was_asked(text):
    assert all(claim.change is None for claim in claims(text, "nodule"))
    assert yes("nodule") not in claims(text, "nodule")


def test_a_sentence_that_wavers_between_yes_and_no_claims_nothing():
    assert claims("Yes. Wait, no.", "nodule") == []


def test_a_yes_or_no_answers_the_question_before_it():
    text = "Is there a mass? No. Is there an effusion? Yes."
    assert claims(text, "nodule") == [no("mass"), yes("effusion")]


def test_a_concept_that_the_lexicon_lacks_is_not_implied():
    assert claims("Yes.", "unknown") == []


def test_a_pronoun_speaks_of_the_finding_before_it():
    text = "There is an effusion. It is larger. It lies in the left lung."
    assert claims(text, "nodule") == [yes("effusion", "left_lung", "larger")]


def test_a_finding_of_the_earlier_image_is_claimed_once_it_is_said_to_have_changed():
    assert claims("The prior image showed a nodule.") == []
    assert claims("The prior image showed a nodule. It is smaller.") == [
        yes("nodule", change="smaller")
    ]
    assert claims("The prior image showed a nodule. It has resolved.") == [
        no("nodule", change="resolved")
    ]


def test_a_lexicon_without_changes_still_reads_what_has_resolved_as_absent():
    bare = Lexicon({c: LEXICON.concepts[c] for c in ("nodule", "mass")})
    for text in ("The nodule has resolved.", "Resolved nodule.", "The nodule is no longer seen."):
        assert [a.claim for a in extract_assertions(text, bare)] == [no("nodule")]


def test_a_heading_denies_each_item_of_its_list_and_nothing_after_it():
    text = "No evidence of:\n- nodule\n- mass in the left lung\n\nThere is an effusion."
    assert claims(text) == [no("nodule"), no("mass", "left_lung"), yes("effusion")]


def test_a_finding_denied_at_one_place_is_not_denied_at_another():
    text = "Effusion is present in the left lung but not in the right lung."
    assert claims(text) == [yes("effusion", "left_lung"), no("effusion", "right_lung")]


def test_a_wrapped_line_goes_on_with_the_sentence():
    assert claims("No nodule or\nmass is seen.") == [no("nodule"), no("mass")]
    assert claims("No nodule\nMass") == [no("nodule"), yes("mass")]
