"""Measured values read from free text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.parsing.numbers import parse_gold_number, parse_number


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("12 mm", "mm", 12),
        ("12mm", "mm", 12),
        ("12-mm", "mm", 12),
        ("1.2 cm", "mm", 12),
        ("12 mm", "cm", 1.2),
        ("0.012 m", "mm", 12),
        ("12000 µm", "mm", 12),
        ("twelve millimetres", "mm", 12),
        ("twenty-five percent", "%", 25),
        ("35%", "%", 35),
        ("45°", "degrees", 45),
        ("-50 HU", "HU", -50),
        ("2 cm2", "mm2", 200),
        ("1,5 cm", "mm", 15),
        ("1,200 mm", "mm", 1200),
        ("1/2 cm", "mm", 5),
        (".5 cm", "mm", 5),
        ("about 12", "mm", 12),  # no unit: in the asked one
        ("Slice 12 shows a 5 mm nodule.", "mm", 5),  # a value with a unit comes first
        ("12 x 8 mm", "mm", 12),
        ("12 mm (1.2 cm)", "mm", 12),
        ("5 or 5 mm", "mm", 5),
        ("T2 shows 5 mm", "mm", 5),
        ("3.", None, 3),
        ("There are three nodules.", None, 3),
        ("5 mm nodules, 2 of them", None, 2),  # a size is no count
        ("None", None, 0),
        ("There are no nodules.", None, 0),
        ("5 nodules", "nodules", 5),
        ("12 ± 1 mm", "mm", 12),
    ],
)
def test_first_value_in_the_asked_unit(text, unit, value):
    assert parse_number(text, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", "mm"),
        ("5-7 mm", "mm"),
        ("5–7 mm", "mm"),
        ("5 to 7 mm", "mm"),
        ("between 5 and 7 mm", "mm"),
        ("5 mm or 6 mm", "mm"),
        ("5, 7 and 9 mm", "mm"),
        ("less than 5 mm", "mm"),
        ("> 5 mm", "mm"),
        ("at least 3", None),
        ("3-4", None),
        ("2nd", None),
        ("T2", None),
        ("5 mm", None),
        ("One of the nodules", None),
        ("35%", "mm"),
        ("No.", None),
        ("No nodule to measure.", "mm"),
        ("someone", None),
    ],
)
def test_ranges_bounds_and_names_are_no_value(text, unit):
    assert parse_number(text, unit) is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("12 mm", (12, "mm")), ("3", (3, None)), ("1.5cm", (1.5, "cm")), (" -50 HU ", (-50, "HU"))],
)
def test_gold_answer_splits_into_value_and_unit(answer, expected):
    assert parse_gold_number(answer) == expected


def test_gold_answer_that_is_no_number_is_named():
    with pytest.raises(ValueError, match="'about a dozen'"):
        parse_gold_number("about a dozen")


@given(st.text(), st.sampled_from(("mm", "%", None, "nodules")))
def test_any_text_is_read_without_error(text, unit):
    value = parse_number(text, unit)
    assert value is None or isinstance(value, float)


@given(st.integers(0, 9999))
def test_digits_come_back(number):
    assert parse_number(f"It measures {number} mm.", "mm") == number
    assert parse_number(f"{number}", None) == number
