"""Dialogues in other languages: answers are scored, claims only where the lexicon has forms."""

from dataclasses import replace

import pytest

from pipeline.claims import extract_assertions, packaged_lexicon, spoken_lexicon
from tests.pipeline.metrics.cases import claim, dialogue, finding, rows, turn

NODULE = finding("nodule", site="left_lung")
YES_OR_NO = turn(1, "boolean", "yes", asks="nodule")
DESCRIBE = turn(2, "text", "x", claims=(claim("nodule"),))


def scored(language, responses, *turns):
    one = replace(dialogue(*turns, findings=(NODULE,)), language=language)
    return rows(one, responses)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "是的，左肺可见结节"),
        ("zh-Hant", "答案：是"),
        ("es", "Sí, hay un nódulo."),
        ("de-AT", "Ja."),
        ("fr", "Oui, un nodule."),
        ("pt-BR", "Sim."),
        ("ko", "네, 결절이 있습니다."),
    ],
)
def test_a_yes_is_right_in_its_language(language, text):
    accuracy = scored(language, {1: text}, YES_OR_NO)["turn_accuracy"]
    assert (accuracy.numerator, accuracy.denominator) == (1, 1)


def test_what_rests_on_claims_is_unscored_with_the_reason_and_never_0():
    found = scored("ko", {1: "네", 2: "결절이 있습니다."}, YES_OR_NO, DESCRIBE)
    for name in ("hallucination_rate", "reasoning_coherence"):
        assert found[name].status == "unscored"
        assert "'ko' are not read" in found[name].reason
    assert found["turn_accuracy"].denominator == 1  # the text turn is left out
    assert not any(name.startswith(("claim_", "hallucination_rate_")) for name in found)


CLINICAL = packaged_lexicon("clinical")


@pytest.mark.parametrize(
    ("language", "text", "claims"),
    [
        ("es", "No hay derrame pleural. Hay un nódulo.", "-pleural_effusion +nodule"),
        ("es", "No se puede descartar neumonía.", "?pneumonia"),
        ("de", "Kein Pleuraerguss. Kardiomegalie.", "-pleural_effusion +cardiomegaly"),
        ("de", "Pneumothorax nicht nachweisbar.", "-pneumothorax"),
        ("fr", "Pas d'épanchement pleural. Pneumonie possible.", "-pleural_effusion ?pneumonia"),
        ("pt", "Sem derrame pleural nem pneumotórax.", "-pleural_effusion -pneumothorax"),
        ("zh", "未见胸腔积液，可见肺结节。", "-pleural_effusion +nodule"),
        ("zh", "左肺结节，不除外肺炎。", "+nodule ?pneumonia"),
    ],
)
def test_claims_are_read_where_the_lexicon_has_forms(language, text, claims):
    spoken = spoken_lexicon(CLINICAL, language)
    found = extract_assertions(text, spoken, language=language)
    signs = ["?" if a.certainty == "uncertain" else "-+"[a.claim.present] for a in found]
    assert [s + a.claim.concept for s, a in zip(signs, found, strict=True)] == claims.split()


def test_a_lexicon_is_translated_once():
    assert spoken_lexicon(CLINICAL, "es") is spoken_lexicon(CLINICAL, "es")
    assert spoken_lexicon(CLINICAL, "en-GB") is CLINICAL
    assert spoken_lexicon(CLINICAL, "tlh") is None
