"""What became of each turn, and how far the turns without an answer could move a measure."""

import pytest

from conf.schema import METRICS
from pipeline.metrics.base import Response
from pipeline.metrics.outcomes import outcome
from pipeline.metrics.reading import read_dialogue
from pipeline.metrics.score_dialogue import score_dialogue
from tests.pipeline.metrics.cases import (
    LEXICON,
    claim,
    dialogue,
    finding,
    region,
    rows,
    turn,
    value,
)

NODULE = claim("nodule", site="left_lung")
CASE = dialogue(
    turn(1, "boolean", "yes", asks="nodule", step="finding", region_id="a", claims=(NODULE,)),
    turn(2, "region", region_id="a"),
    turn(3, "concept", "lung_cancer", step="diagnosis", supports=(1,)),
    findings=(finding("nodule", site="left_lung"),),
    regions=[region("a")],
)
GOLD = {
    1: "Yes. A nodule in the left lung. [100, 100, 300, 300]",
    2: "[100, 100, 300, 300]",
    3: "Lung cancer.",
}


def test_what_the_provider_calls_a_refusal_is_one_whatever_the_words():
    row = {"status": "ok", "response": "", "finish_reason": "refusal"}
    refused = Response.from_row(row)
    reading = read_dialogue(CASE, {1: refused, 2: Response(text=GOLD[2])}, LEXICON, "norm1000")
    assert [outcome(t) for t in reading.turns] == ["refused", "answered", "failed"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "failed"),
        ("I'm sorry, but I can't assist with that.", "refused"),
        ("As an AI, I do not interpret radiographs.", "refused"),
        ("I am unable to interpret medical images.", "refused"),
        ("I cannot see a nodule.", "answered"),
        ("Possibly.", "uncertain"),
        ("Blue.", "unparseable"),
        ("Yes.", "answered"),
    ],
)
def test_outcome_of_a_turn(text, expected):
    case = dialogue(turn(1, "boolean", "yes", asks="nodule"))
    reading = read_dialogue(case, {1: Response(text=text)}, LEXICON, "norm1000")
    assert outcome(reading.turns[0]) == expected


def test_an_answer_cut_off_at_the_limit_is_truncated():
    row = {"status": "ok", "response": "Yes. The", "finish_reason": "length"}
    case = dialogue(turn(1, "boolean", "yes", asks="nodule"))
    scores = score_dialogue(case, {1: Response.from_row(row)}, LEXICON, "norm1000")
    assert {s.metric: s.numerator for s in scores}["truncated_turns"] == 1


def test_complete_answers_are_their_own_bounds():
    found = rows(CASE, GOLD)
    for metric in METRICS:
        for bound in ("best", "worst"):
            assert found[f"{metric}_{bound}"].numerator == found[metric].numerator
            assert found[f"{metric}_{bound}"].denominator == found[metric].denominator


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_refusal_lies_between_the_experts_answer_and_its_opposite(missing):
    texts = GOLD | {missing: "I'm sorry, but I cannot assist with that."}
    for metric in METRICS:
        best, worst = value(CASE, texts, f"{metric}_best"), value(CASE, texts, f"{metric}_worst")
        if metric == "hallucination_rate":
            assert best == 0 <= worst
        else:
            assert worst <= value(CASE, texts, metric) <= best == 1
