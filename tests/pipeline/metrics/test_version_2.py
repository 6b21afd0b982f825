"""What version 2 of the dataset adds to scoring: phrases, and findings that are incomplete."""

from dataclasses import replace

import pyarrow as pa
import pytest

from actors.schema import DIALOGUE_SCHEMA_2
from pipeline.dataset.validate import row_faults
from tests.pipeline.metrics.cases import LEXICON, claim, dialogue, finding, rows, turn, value


def phrase(answer, *accepted):
    return dialogue(turn(1, "phrase", answer, accepted=accepted))


@pytest.mark.parametrize(
    ("said", "score", "f1"),
    [
        ("The right hemisphere.", 1.0, 1.0),
        ("right cerebrum", 1.0, 1.0),
        ("in the right hemisphere", 0.0, 0.8),
        ("left", 0.0, 0.0),
        ("", 0.0, 0.0),
        (None, 0.0, 0.0),
    ],
)
def test_a_phrase_scores_where_an_accepted_answer_is_met(said, score, f1):
    case = phrase("right hemisphere", "right cerebrum")
    assert value(case, {1: said}, "turn_accuracy") == score
    assert value(case, {1: said}, "phrase_match") == score
    assert value(case, {1: said}, "phrase_token_f1") == pytest.approx(f1)


def test_incomplete_findings_leave_the_lenient_rate_alone():
    findings = (finding("nodule"), finding("effusion", present=False))
    complete = dialogue(turn(1, "text", "x", claims=(claim("nodule"),)), findings=findings)
    incomplete = replace(complete, findings_complete=False)
    said = {1: "There is a nodule. There is an effusion. There is a fracture."}
    assert value(complete, said, "hallucination_rate") == pytest.approx(2 / 3)
    strict = rows(incomplete, said)["hallucination_rate"]
    assert (strict.status, strict.denominator) == ("unscored", 0)
    assert "lenient" in str(strict.reason)
    for case in (complete, incomplete):
        assert value(case, said, "hallucination_rate_lenient") == 0.5


def test_accepted_answers_belong_to_phrases_alone():
    wrong = dialogue(turn(1, "boolean", "yes", accepted=("no",)), name="wrong")
    table = pa.Table.from_pylist(
        [d.to_row() for d in (wrong, phrase("a", "b"))], schema=DIALOGUE_SCHEMA_2
    )
    faults = row_faults(table, LEXICON)
    assert [(f.dialogue_id, f.column) for f in faults] == [("wrong", "turns.accepted")]
