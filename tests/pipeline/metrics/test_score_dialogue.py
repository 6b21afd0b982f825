"""A whole dialogue: its rows, the perfect run, silence, and what never changes a score."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.boxes.write import format_box
from actors.schema import TurnRecord
from conf.model import BOX_DIALECTS
from conf.schema import METRICS
from pipeline.metrics.base import Response
from pipeline.metrics.score_dialogue import score_dialogue, score_reading
from tests.pipeline.metrics.cases import (
    LEXICON,
    REGION,
    SIZE,
    claim,
    dialogue,
    finding,
    read,
    region,
    responses,
    rows,
    turn,
)

CASE = dialogue(
    turn(
        1,
        "boolean",
        "yes",
        asks="nodule",
        step="finding",
        referent_id="r1",
        region_id="a",
        claims=(claim("nodule", site="left_lung"),),
    ),
    turn(2, "choice", "B", choices=("smooth", "spiculated"), referent_id="r1"),
    turn(3, "boolean", "no", asks="effusion", claims=(claim("effusion", present=False),)),
    turn(
        4,
        "choice",
        "A",
        choices=("larger", "stable"),
        image_ids=("then",),
        asks="nodule",
        step="comparison",
        region_id="a",
        referent_id="r1",
        claims=(claim("nodule", site="left_lung", change="larger"),),
    ),
    turn(5, "number", "20 mm", tolerance=2.0, referent_id="r1"),
    turn(
        6,
        "text",
        "A nodule in the left lung.",
        region_id="a",
        referent_id="r1",
        claims=(claim("nodule", site="left_lung"),),
    ),
    turn(
        7,
        "concept",
        "lung_cancer",
        step="diagnosis",
        supports=(1, 4),
        claims=(claim("lung_cancer"),),
    ),
    findings=(
        finding("nodule", site="left_lung", change="larger"),
        finding("effusion", present=False),
        finding("consolidation", present=False),
    ),
    regions=[region("a")],
)
GOLD = {
    1: "Yes, there is a nodule in the left lung.",
    2: "(B) spiculated.",
    3: "No, there is no effusion.",
    4: "(A): the nodule in the left lung is larger.",
    5: "It measures 2 cm.",
    6: "There is a nodule in the left lung.",
    7: "Lung cancer.",
}


def gold(dialect):
    box = format_box(dialect, REGION, (SIZE, SIZE), (448, 448))
    return {
        n: Response(text=f"{text} {box}", input_sizes={"now": (448, 448)})
        for n, text in GOLD.items()
    }


@pytest.mark.parametrize("dialect", BOX_DIALECTS)
def test_perfect_run_scores_one_and_hallucinates_nothing(dialect):
    scores = {s.metric: s for s in score_dialogue(CASE, gold(dialect), LEXICON, dialect)}
    for metric in METRICS:
        row = scores[metric]
        expected = 0.0 if metric == "hallucination_rate" else row.denominator
        assert row.status == "scored"
        assert row.numerator == expected, metric


def test_silence_scores_nothing_and_gets_no_hallucination_rate():
    by_name = rows(CASE, {})
    assert [by_name[m].numerator for m in METRICS] == [0, 0, 0, 0]
    assert [by_name[m].status for m in METRICS] == ["scored", "scored", "scored", "unscored"]
    assert by_name["turn_accuracy"].denominator == 7
    assert by_name["visual_consistency"].denominator == 2
    assert by_name["failed_turns"].numerator == by_name["failed_turns"].denominator == 7


def test_empty_answers_score_as_silence_but_have_not_failed():
    by_name = rows(CASE, dict.fromkeys(GOLD, ""))
    assert [by_name[m].numerator for m in METRICS] == [0, 0, 0, 0]
    assert by_name["failed_turns"].numerator == 0
    # turns 1 to 5 and 7: a text answer cannot be unparseable
    assert by_name["unparseable_rate"].numerator == by_name["unparseable_rate"].denominator == 6


def test_headline_rows_are_always_there_and_views_only_where_defined():
    one = dialogue(turn(1, "number", "3"))
    by_name = rows(one, {1: "3"})
    assert set(METRICS) <= set(by_name)
    for metric, row in by_name.items():
        assert (row.status == "scored") == (row.denominator > 0), metric
        assert (row.reason is None) == (row.status == "scored"), metric
        assert row.status == "scored" or metric in METRICS, metric
    assert "boolean_recall_yes" not in by_name
    assert "grounding_accuracy" not in by_name


def test_boolean_and_choice_baselines():
    by_name = rows(CASE, {1: "Yes.", 2: "B", 3: "Yes."})
    numerators = {
        name: (by_name[name].numerator, by_name[name].denominator)
        for name in (
            *("constant_yes", "constant_no", "boolean_recall_yes", "boolean_recall_no"),
            *("constant_choice_A", "constant_choice_B", "constant_choice_C"),
        )
    }
    assert numerators == {
        "constant_yes": (1, 2),
        "constant_no": (1, 2),
        "boolean_recall_yes": (1, 1),
        "boolean_recall_no": (0, 1),
        "constant_choice_A": (1, 2),
        "constant_choice_B": (1, 2),
        "constant_choice_C": (0, 2),
    }


def test_error_cascade_looks_at_the_turn_before():
    texts = {**GOLD, 2: "(A)", 3: "Yes."}
    # right: 1, wrong: 2, 3, right: 4, 5, 6, 7
    by_name = rows(CASE, texts)
    after_wrong = by_name["error_cascade_right_after_wrong"]
    after_right = by_name["error_cascade_right_after_right"]
    assert (after_wrong.numerator, after_wrong.denominator) == (1, 2)
    assert (after_right.numerator, after_right.denominator) == (3, 4)


def test_reasoning_is_counted_and_not_judged():
    texts = {**GOLD, 1: f"<think>No nodule. An effusion.</think>{GOLD[1]}"}
    by_name = rows(CASE, texts)
    assert by_name["reasoning_stripped"].numerator == 1
    assert by_name["hallucination_rate"].numerator == 0


def test_reading_is_scored_as_the_dialogue_is():
    reading = read(CASE, GOLD)
    assert score_reading(reading) == score_dialogue(CASE, responses(GOLD), LEXICON, "norm1000")


def test_order_in_which_turns_and_responses_come_changes_nothing():
    shuffled = dialogue(*reversed(CASE.turns), findings=CASE.findings[::-1], regions=CASE.regions)
    texts = dict(reversed(GOLD.items()))
    assert rows(shuffled, texts) == rows(CASE, GOLD)


TEXTS = st.sampled_from(
    (
        *GOLD.values(),
        *("No.", "Yes.", "(A)", "", "The nodule has resolved.", "An effusion cannot be excluded."),
        *("On closer review, there is no nodule.", "[100, 100, 300, 300]", "[0, 0, 1000, 1000]"),
        *("A nodule in the right lung. Pneumonia.", "It is smaller. A fracture."),
    )
)


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, 7), st.one_of(st.none(), TEXTS)))
def test_every_ratio_lies_between_zero_and_one(texts):
    for row in rows(CASE, texts).values():
        assert 0 <= row.numerator <= row.denominator


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.integers(1, 7), TEXTS), max_size=4), st.randoms())
def test_sums_over_dialogues_do_not_depend_on_their_order(runs, random):
    def total(order):
        scores = [s for texts in order for s in rows(CASE, texts).values()]
        return {
            m: (
                round(sum(s.numerator for s in scores if s.metric == m), 9),
                sum(s.denominator for s in scores if s.metric == m),
            )
            for m in METRICS
        }

    shuffled = list(runs)
    random.shuffle(shuffled)
    assert total(shuffled) == total(runs)


def test_response_is_taken_from_a_turn_record():
    record = TurnRecord(
        run_id="r",
        model="m",
        dialogue_id="d1",
        turn=1,
        status="ok",
        error=None,
        question="?",
        response="Yes.",
        input_sizes=(("now", 448, 336),),
    )
    assert Response.from_row(record.to_row()) == Response(
        text="Yes.", input_sizes={"now": (448, 336)}
    )
    failed = replace(record, status="failed", error="too long", input_sizes=None)
    assert Response.from_row(failed.to_row()) == Response(text=None)


def test_unknown_dialect_is_named():
    with pytest.raises(ValueError, match="'yolo'"):
        rows(CASE, GOLD, "yolo")


def test_input_pixels_without_their_size_are_refused():
    with pytest.raises(ValueError, match="input_size"):
        rows(CASE, {1: '{"bbox_2d": [1, 2, 3, 4]}'}, "qwen25")
