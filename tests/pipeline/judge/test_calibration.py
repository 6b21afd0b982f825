"""Isotonic calibration of judges against experts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conf.errors import BadInput
from pipeline.judge.calibration import fit, gain
from pipeline.judge.labels import read_labels

pairs = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=40)


def test_violators_are_pooled_by_their_weight():
    # The judge's 2 (twice, experts 4 and 4) lies above its 3 (once, expert 1): pooled at 9 / 3.
    found = fit([1, 2, 2, 3, 5], [1, 4, 4, 1, 5])
    assert found.grades == (1, 2, 3, 5)
    assert found.expected == pytest.approx((1, 3, 3, 5))
    assert found.apply([2, 4, 5, 6]) == pytest.approx([3, 4, 5, 5])


@given(pairs)
def test_the_map_never_falls_and_stays_within_the_experts_grades(labels):
    judge, expert = zip(*labels, strict=True)
    mapped = fit(judge, expert).apply(range(0, 7))
    assert (np.diff(mapped) >= -1e-12).all()
    assert min(expert) - 1e-9 <= mapped.min()
    assert mapped.max() <= max(expert) + 1e-9


def test_a_judge_that_is_one_too_kind_is_corrected_out_of_fold():
    rng = np.random.default_rng(0)
    expert = rng.integers(1, 5, 300)
    found = gain(expert + 1, expert, [f"d{n}" for n in range(300)])
    assert (found.labels, found.before) == (300, 1.0)
    assert found.after == pytest.approx(0.0, abs=1e-9)


def test_a_judge_that_knows_nothing_is_not_made_to_look_right():
    rng = np.random.default_rng(0)
    expert, judge = rng.integers(1, 6, 400), rng.integers(1, 6, 400)
    found = gain(judge, expert, [f"d{n}" for n in range(400)])
    assert found.after > 1.0


def test_labels_of_one_dialogue_give_no_out_of_fold_error():
    assert gain([1, 2], [1, 2], ["d", "d"]).after is None


def test_no_label_is_refused():
    with pytest.raises(ValueError, match="label"):
        fit([], [])


def test_labels_are_read_from_csv(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text("dialogue_id,turn,rubric,criterion,grade\nd1,0,r,c,4\nd2,3,r,c,2\n")
    assert read_labels(str(file)) == {("r", "c"): {("d1", 0): 4.0, ("d2", 3): 2.0}}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("dialogue_id,turn,rubric,grade\nd1,0,r,4\n", "criterion"),
        ("dialogue_id,turn,rubric,criterion,grade\nd1,0,r,c,4\nd1,0,r,c,5\n", "two labels"),
    ],
)
def test_faulty_labels_are_named(tmp_path, text, named):
    file = tmp_path / "labels.csv"
    file.write_text(text)
    with pytest.raises(BadInput, match=named):
        read_labels(str(file))


def test_missing_labels_are_named(tmp_path):
    with pytest.raises(BadInput, match="missing"):
        read_labels(str(tmp_path / "none.csv"))
