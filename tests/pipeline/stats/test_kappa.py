"""Quadratic-weighted kappa."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stats.kappa import confusion_matrix, quadratic_weighted_kappa

pairs = st.lists(st.tuples(st.integers(0, 4), st.one_of(st.none(), st.integers(0, 4))), max_size=50)


def test_two_grades_give_the_unweighted_kappa():
    # Cohen's kappa of the 2 x 2 table (20, 5; 10, 15): observed 0.70, by chance 0.50.
    assert quadratic_weighted_kappa(np.array([[20.0, 5], [10, 15]])) == pytest.approx(0.4)


def test_worked_by_hand_on_three_grades():
    # Weights 0, 1/4 and 1. One answer is off by one: observed 1/4. Gold (2, 1, 1) by given
    # (1, 2, 1): expected (1/4 * (2*2 + 1*1 + 1*1 + 1*2) + 1 * (2*1 + 1*1)) / 4 = 1.25.
    table = confusion_matrix([(0, 0), (0, 1), (1, 1), (2, 2)], 3)
    assert quadratic_weighted_kappa(table) == pytest.approx(1 - 0.25 / 1.25)
    # The same margins, worse than chance: 1/4 + 1 + 0 + 1 observed.
    table = confusion_matrix([(0, 1), (0, 2), (1, 1), (2, 0)], 3)
    assert quadratic_weighted_kappa(table) == pytest.approx(1 - 2.25 / 1.25)


def test_a_near_miss_costs_less_than_a_far_one():
    near = confusion_matrix([(0, 0), (4, 4), (2, 3)], 5)
    far = confusion_matrix([(0, 0), (4, 4), (2, 0)], 5)
    assert quadratic_weighted_kappa(near) > quadratic_weighted_kappa(far)


def test_a_missing_answer_is_the_farthest_grade():
    assert (
        confusion_matrix([(0, None), (3, None)], 4) == confusion_matrix([(0, 3), (3, 0)], 4)
    ).all()


def test_one_grade_throughout_and_nothing_at_all_are_undefined():
    assert quadratic_weighted_kappa(confusion_matrix([(1, 1), (1, 1)], 3)) is None
    assert quadratic_weighted_kappa(np.zeros((3, 3))) is None


def test_grades_off_the_scale_are_refused():
    with pytest.raises(ValueError, match="scale of 3"):
        confusion_matrix([(0, 3)], 3)
    with pytest.raises(ValueError, match="at least 2"):
        confusion_matrix([], 1)


@given(pairs)
def test_it_is_symmetric_at_most_one_and_shards_merge_by_their_tables(found):
    answered = [(g, a) for g, a in found if a is not None]
    table = confusion_matrix(answered, 5)
    kappa = quadratic_weighted_kappa(table)
    if kappa is not None:
        assert kappa <= 1.0
        assert quadratic_weighted_kappa(table.T) == pytest.approx(kappa)
    halves = confusion_matrix(found[::2], 5) + confusion_matrix(found[1::2], 5)
    assert (halves == confusion_matrix(found, 5)).all()
