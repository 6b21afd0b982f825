"""How shares, differences and intervals read, wherever they are printed."""

from pipeline.stats.percent import (
    cell,
    level,
    number,
    percent,
    points,
    points_span,
    span,
    with_span,
)


def test_a_table_cell_has_no_unit_and_its_interval_where_there_is_one():
    assert cell(0.821, 0.81, 0.8321) == "82.1 (81.0-83.2)"
    assert cell(0.821, None, None) == cell(0.821) == "82.1"
    assert cell(None, None, None) == "n/a"


def test_prose_has_the_unit():
    assert percent(0.5) == "50.0%"
    assert percent(None) == "n/a"
    assert with_span(0.821, 0.81, 0.8321) == "82.1% (81.0 to 83.2%)"
    assert with_span(0.821, None, None) == "82.1%"
    assert span(None, 0.5) == ""
    assert level(0.95) == "95%"


def test_differences_are_signed_points():
    assert points(0.012) == "+1.2"
    assert points(None) == "n/a"
    assert points_span(-0.001, 0.02) == "-0.1 to +2.0"
    assert points_span(None, None) == ""


def test_a_form_can_avoid_minus_zero():
    assert number(-0.00001, "+z.2f") == "+0.00"
    assert number(-0.0123, "+z.2f") == "-1.23"
