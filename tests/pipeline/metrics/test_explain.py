"""A dialogue told to a person."""

from pipeline.metrics.explain import explain
from tests.pipeline.metrics.cases import claim, dialogue, finding, read, region, turn

CASE = dialogue(
    turn(
        1,
        "boolean",
        "yes",
        asks="nodule",
        step="finding",
        region_id="a",
        claims=(claim("nodule"),),
    ),
    turn(2, "choice", "A", choices=("left lung", "right lung"), region_id="a"),
    turn(3, "concept", "pneumonia", step="diagnosis", supports=(1,), claims=(claim("pneumonia"),)),
    findings=(finding("nodule", site="left_lung"), finding("effusion", present=False)),
    regions=[region("a")],
)


def test_every_answer_claim_box_and_measure_is_told():
    texts = {
        1: "<think>hm</think>Yes, a nodule in the right lung. [100, 100, 300, 300]",
        2: "(B) No nodule. A fracture cannot be excluded. [100, 200, 300, 300]",
    }
    assert explain(read(CASE, texts)).splitlines() == [
        "d1: radiology, xray, boxes read as norm1000",
        "",
        "turn 1 (boolean, finding)",
        "  question  ?",
        "  gold      yes",
        "  answer    Yes, a nodule in the right lung.",
        "  reasoning 17 characters taken off",
        "  read as   yes",
        "  score     1.00",
        "  claim     nodule at right_lung: contradicted (wrong site)",
        "  region    a [100, 100, 300, 300]: answered [100, 100, 300, 300], IoU 1.00, found",
        "",
        "turn 2 (choice)",
        "  question  ?",
        "            (A) left lung",
        "            (B) right lung",
        "  gold      A",
        "  answer    (B) No nodule. A fracture cannot be excluded.",
        "  read as   B",
        "  score     0.00",
        "  claim     no nodule: contradicted (false denial)",
        "  claim     fracture: uncertain",
        "  claim     right_lung: not counted",
        "  region    a [100, 100, 300, 300]: answered [100, 200, 300, 300], IoU 0.50, found",
        "",
        "turn 3 (concept, diagnosis)",
        "  question  ?",
        "  gold      pneumonia",
        "  answer    none: the turn failed or is missing",
        "  score     0.00",
        "",
        "turn_accuracy: 1 / 3 = 0.333",
        "visual_consistency: 1 / 1 = 1.000",
        "  turns 1 and 2: consistent",
        "reasoning_coherence: 0 / 1 = 0.000",
        "  R 0.50, S 0.00, C 1.00",
        "  turn 1 says nodule at right_lung, turn 2 says no nodule",
        "hallucination_rate: 2 / 2 = 1.000",
        "  nodule at right_lung: contradicted (wrong site)",
        "  no nodule: contradicted (false denial)",
    ]


def test_what_is_undefined_says_why():
    case = dialogue(turn(1, "boolean", "yes", asks="nodule"))
    told = explain(read(case, {1: "Hm."}))
    assert "visual_consistency: unscored, no referent comes up twice with a region" in told
    assert "reasoning_coherence: unscored, no diagnosis turn" in told
    assert "hallucination_rate: unscored, no checkable claim" in told
    assert "read as   nothing" in told


def test_region_that_no_declared_dialect_can_give_is_told():
    case = dialogue(turn(1, "region", region_id="a"), regions=[region("a", site=None)])
    told = explain(read(case, {1: "Here."}, "none"))
    assert "cannot be found by declaration" in told
    assert "score     not scored" in told
