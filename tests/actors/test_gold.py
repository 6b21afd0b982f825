import pytest

from actors.gold import claim_sentences, gold_text
from actors.schema import Claim, Turn


def turn(answer_type: str, answer: str | None = None, *claims: Claim, step=None) -> Turn:
    return Turn(
        turn=1, question="?", answer_type=answer_type, answer=answer, claims=claims, step=step
    )


NODULE = Claim(concept="nodule", present=True, site="left_upper_zone")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (turn("boolean", "yes", NODULE), "Yes. There is a nodule in the left upper zone."),
        (turn("boolean", "no", Claim(concept="ulcer", present=False)), "No. There is no ulcer."),
        (turn("boolean", "no"), "No."),
        (turn("choice", "B", NODULE), "Answer: B. There is a nodule in the left upper zone."),
        (turn("number", "12 mm"), "12 mm."),
        (turn("region"), "It is marked here."),
        (turn("region", None, NODULE), "There is a nodule in the left upper zone."),
        (
            turn("text", "There is an ulcer.", Claim(concept="ulcer", present=True)),
            "There is an ulcer.",
        ),
        (turn("concept", "smooth"), "It is smooth."),
    ],
)
def test_answers_lead_with_what_their_type_asks_for(given, text):
    assert gold_text(given) == text


@pytest.mark.parametrize(
    ("claim", "step", "text"),
    [
        (Claim(concept="ulcer", present=True), None, "There is an ulcer."),
        (Claim(concept="round", present=False), "characterisation", "It is not round."),
        (Claim(concept="lung_cancer", present=True), "diagnosis", "The diagnosis is lung cancer."),
        (
            Claim(concept="cyst", present=True, site="spleen", change="larger"),
            "comparison",
            "The cyst in the spleen is larger.",
        ),
        (
            Claim(concept="cyst", present=False, site="spleen", change="resolved"),
            "comparison",
            "The cyst in the spleen has resolved.",
        ),
    ],
)
def test_each_claim_becomes_one_sentence(claim, step, text):
    assert claim_sentences((claim,), step) == text


def test_display_names_replace_concept_ids():
    names = {"nodule": "small nodule", "left_upper_zone": "upper zone on the left"}
    assert gold_text(turn("concept", "nodule", NODULE), names) == (
        "There is a small nodule in the upper zone on the left."
    )
