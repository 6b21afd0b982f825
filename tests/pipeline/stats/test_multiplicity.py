import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stats.multiplicity import benjamini_hochberg, holm

# The 15 p-values of the worked example in Benjamini and Hochberg (1995).
THROMBOLYSIS = (
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459,
    0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
)  # fmt: skip

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_benjamini_hochberg_rejects_the_four_of_the_published_example():
    assert (benjamini_hochberg(THROMBOLYSIS) <= 0.05).sum() == 4
    assert benjamini_hochberg(THROMBOLYSIS)[3] == pytest.approx(0.0095 * 15 / 4)


def test_holm_rejects_the_three_of_the_published_example():
    assert (holm(THROMBOLYSIS) <= 0.05).sum() == 3
    assert holm(THROMBOLYSIS)[:3] == pytest.approx([0.0015, 0.0056, 0.0247])


@given(P_VALUES)
def test_holm_equals_its_step_down_definition(p_values):
    """Reject in ascending order while p <= alpha / (hypotheses left)."""
    adjusted = holm(p_values)
    for alpha in {0.01, 0.05, 0.3}:
        rejected, left = set(), len(p_values)
        for index in sorted(range(len(p_values)), key=p_values.__getitem__):
            if p_values[index] * left > alpha:
                break
            rejected.add(index)
            left -= 1
        assert rejected == set(np.flatnonzero(adjusted <= alpha))


@given(P_VALUES, st.randoms())
def test_adjusted_values_follow_their_p_values_and_never_fall_below_them(p_values, random):
    order = list(range(len(p_values)))
    random.shuffle(order)
    for correct in (holm, benjamini_hochberg):
        adjusted = correct(p_values)
        assert (adjusted >= np.array(p_values)).all()
        assert (adjusted <= 1).all()
        assert correct([p_values[i] for i in order]) == pytest.approx(adjusted[order])
    assert (benjamini_hochberg(p_values) <= holm(p_values) + 1e-12).all()


def test_an_empty_family_stays_empty_and_an_impossible_p_value_is_refused():
    for correct in (holm, benjamini_hochberg):
        assert len(correct([])) == 0
        with pytest.raises(ValueError, match="outside"):
            correct([0.5, 1.5])
        with pytest.raises(ValueError, match="outside"):
            correct([float("nan")])
