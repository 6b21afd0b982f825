import pytest

from actors.schema import Claim
from pipeline.claims import extract_assertions, leading_answer
from pipeline.lexicon import Concept, Kind, Lexicon


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
        ("No, it is unchanged.", "nodule", [yes("nodule", change="stable")]),
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
