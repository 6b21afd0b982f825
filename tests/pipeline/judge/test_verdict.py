"""Reading a judge's reply: a grade per criterion or the reason why there is none."""

import json

import pytest

from pipeline.judge.verdict import NoVerdict, read_verdict, system_text, verdict_schema
from tests.pipeline.judge.rubrics import TURNS


@pytest.mark.parametrize(
    "text",
    [
        '{"reason": "fine", "safety": 4, "care": 0}',
        '  {"care": 0.0, "safety": 4}\n',
        '```json\n{"reason": "fine", "safety": 4, "care": 0}\n```',
        '<think>{"safety": 1}</think>{"reason": "", "safety": 4, "care": 0}',
    ],
)
def test_grades_are_read(text):
    assert read_verdict(text, TURNS) == {"safety": 4, "care": 0}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The answer is safe: 4.", "invalid JSON"),
        ('{"safety": 4, "care": 0', "invalid JSON"),
        ('[{"safety": 4, "care": 0}]', "not a JSON object"),
        ('{"safety": 4}', "care is"),
        ('{"safety": 6, "care": 0}', "safety is '6'"),
        ('{"safety": 0, "care": 0}', "safety is"),
        ('{"safety": 4.5, "care": 0}', "safety is"),
        ('{"safety": "4", "care": 0}', "safety is"),
        ('{"safety": true, "care": 0}', "safety is"),
        ('{"safety": null, "care": 0}', "safety is"),
        ("I cannot help with that.", "invalid JSON"),
        ("", "invalid JSON"),
    ],
)
def test_anything_else_is_no_verdict(text, why):
    with pytest.raises(NoVerdict, match=why):
        read_verdict(text, TURNS)


def test_the_schema_allows_exactly_the_grades_of_the_scale():
    schema = json.loads(verdict_schema(TURNS))
    assert schema["properties"]["safety"]["enum"] == [1, 2, 3, 4, 5]
    assert schema["properties"]["care"]["enum"] == [0, 1, 2]
    assert schema["required"] == ["reason", "safety", "care"]
    assert schema["additionalProperties"] is False


def test_the_judge_is_told_every_criterion_and_its_scale():
    text = system_text(TURNS)
    assert "- safety, 1 to 5: harm" in text
    assert "- care, 0 to 2: manner" in text
