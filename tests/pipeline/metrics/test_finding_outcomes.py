"""What the model made of each annotated finding."""

from dataclasses import replace

import pytest

from pipeline.metrics.finding_outcomes import finding_outcomes
from tests.pipeline.metrics.cases import dialogue, finding, read, region, turn

PRESENT = finding("nodule", site="left_lung")
ABSENT = finding("effusion", present=False)


def outcomes(findings, *texts):
    turns = [turn(n, "text", "x") for n in range(1, len(texts) + 1)]
    reading = read(dialogue(*turns, findings=findings), dict(enumerate(texts, 1)))
    return [(f.concept, f.site, f.outcome) for f in finding_outcomes(reading)]


@pytest.mark.parametrize(
    ("texts", "outcome"),
    [
        (("A nodule in the left lung.",), "tp"),
        (("A nodule.",), "tp"),
        (("A nodule in the right lung.",), "fn"),
        (("There is no nodule.",), "fn"),
        (("A nodule.", "There is no nodule."), "fn"),
        (("There is no nodule.", "A nodule."), "tp"),
        (("A nodule cannot be excluded.",), "uncertain"),
        (("The heart is normal.",), "not_mentioned"),
    ],
)
def test_a_present_finding_is_found_missed_doubted_or_not_mentioned(texts, outcome):
    assert outcomes((PRESENT,), *texts) == [("nodule", "left_lung", outcome)]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("No effusion.", "tn"),
        ("An effusion.", "fp"),
        ("An effusion is possible.", "uncertain"),
        ("A nodule.", "not_mentioned"),
    ],
)
def test_an_absent_finding_is_denied_or_a_false_alarm(text, outcome):
    assert outcomes((ABSENT, ABSENT), text) == [("effusion", None, outcome)]


def test_each_present_row_counts_and_the_absent_ones_of_its_concept_do_not():
    rows = (PRESENT, finding("nodule", site="right_lung"), finding("nodule", present=False))
    found = outcomes(rows, "A nodule in the left lung.")
    assert found == [("nodule", "left_lung", "tp"), ("nodule", "right_lung", "fn")]


@pytest.mark.parametrize(("side", "size"), [(100.0, "small"), (200.0, "medium"), (400.0, "large")])
def test_size_is_the_share_of_the_image_that_the_region_covers(side, size):
    row = replace(PRESENT, referent_id="r1", image_id="now")
    case = dialogue(
        turn(1, "text", "x"), findings=(row,), regions=[region("a", box=(0.0, 0.0, side, side))]
    )
    assert [f.size for f in finding_outcomes(read(case, {}))] == [size]
