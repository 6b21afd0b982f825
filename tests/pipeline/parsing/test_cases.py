"""Answers as models of many families write them: ``cases.json``, labelled by hand."""

import json
from pathlib import Path

import pytest

from pipeline.parsing.answers import parse_boolean, parse_choice
from pipeline.parsing.numbers import parse_number
from pipeline.parsing.reasoning import strip_reasoning

CASES = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))


def name(case):
    return " ".join(case["text"].split())[:60]


@pytest.mark.parametrize("case", CASES["boolean"], ids=name)
def test_yes_or_no_is_read_in_every_form_and_language(case):
    final = strip_reasoning(case["text"]).final
    assert parse_boolean(final, case["language"]) == case["expected"]


@pytest.mark.parametrize("case", CASES["choice"], ids=name)
def test_a_letter_is_read_in_every_form(case):
    final = strip_reasoning(case["text"]).final
    assert parse_choice(final, tuple(case["choices"])) == case["expected"]


@pytest.mark.parametrize("case", CASES["number"], ids=name)
def test_a_value_is_read_in_every_form(case):
    value = parse_number(strip_reasoning(case["text"]).final, case["unit"])
    assert value == (None if case["expected"] is None else pytest.approx(case["expected"]))
