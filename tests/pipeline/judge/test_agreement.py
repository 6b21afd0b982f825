"""Krippendorff's alpha against the published worked example."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.judge.agreement import krippendorff_alpha

# K. Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), section C and following:
# four observers, twelve units, some units not seen by all; 0 is a missing value.
_OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3),
    (0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0),
)
UNITS = [[grade for grade in unit if grade] for unit in zip(*_OBSERVERS, strict=True)]

grades = st.lists(st.lists(st.integers(1, 5), min_size=0, max_size=4), max_size=12)
levels = st.sampled_from(["nominal", "ordinal", "interval"])


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_published_example(level, published):
    assert krippendorff_alpha(UNITS, level) == pytest.approx(published, abs=5e-4)


def test_two_observers_of_binary_data_as_published():
    # Section A of the same text: ten units, alpha 0.095.
    first, second = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0), (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)
    assert krippendorff_alpha(list(zip(first, second, strict=True)), "nominal") == pytest.approx(
        0.095, abs=5e-4
    )


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_full_agreement_is_one(level):
    assert krippendorff_alpha([[1, 1], [3, 3, 3], [5, 5]], level) == pytest.approx(1.0)


def test_a_single_grade_throughout_says_nothing():
    assert krippendorff_alpha([[4, 4], [4, 4]], "ordinal") is None


def test_units_that_one_judge_graded_do_not_count():
    assert krippendorff_alpha([*UNITS, [1], [5], []], "ordinal") == krippendorff_alpha(
        UNITS, "ordinal"
    )


@given(grades, levels)
def test_order_of_units_and_judges_changes_nothing_and_one_is_the_most(units, level):
    alpha = krippendorff_alpha(units, level)
    turned = krippendorff_alpha([unit[::-1] for unit in units[::-1]], level)
    assert (alpha is None) == (turned is None)
    if alpha is not None:
        assert turned == pytest.approx(alpha)
        assert alpha <= 1.0 + 1e-12


def test_unknown_level_is_refused():
    with pytest.raises(ValueError, match="ratio"):
        krippendorff_alpha(UNITS, "ratio")
