"""visual_consistency and the views on where the model looked, against hand-computed cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.metrics.cases import RIGHT, dialogue, read, region, rows, turn, value

METRIC = "visual_consistency"
OTHER = (600.0, 600.0, 800.0, 800.0)
OTHER_RIGHT = "[600, 600, 800, 800]"
TWICE = dialogue(
    turn(1, "region", region_id="a"),
    turn(2, "region", region_id="a"),
    regions=[region("a")],
)
# A (now), B, A again, A on the prior image
RETURN = dialogue(
    turn(1, "region", region_id="a"),
    turn(2, "region", region_id="b"),
    turn(3, "region", region_id="a"),
    turn(4, "region", region_id="a-then", image_ids=("then",)),
    regions=[
        region("a"),
        region("b", referent="r2", box=OTHER, site="right_lung"),
        region("a-then", image="then", box=OTHER),
    ],
)
RETURN_GOLD = {1: RIGHT, 2: OTHER_RIGHT, 3: RIGHT, 4: OTHER_RIGHT}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (RIGHT, RIGHT, 1),
        (RIGHT, "[600, 600, 800, 800]", 0),
        ("[600, 600, 800, 800]", "[600, 600, 800, 800]", 0),  # consistent with itself, but wrong
        ("[0, 0, 1000, 1000]", "[0, 0, 1000, 1000]", 0),  # the whole image
        (RIGHT, "", 0),
        (RIGHT, None, 0),
        # both hit (upper and lower half: IoU 0.5 each), but not each other
        ("[100, 100, 300, 200]", "[100, 200, 300, 300]", 0),
        ("[100, 100, 300, 260]", "[100, 140, 300, 300]", 1),  # 120 shared of 200: IoU 0.6
    ],
)
def test_pair_on_one_image(first, second, expected):
    assert value(TWICE, {1: first, 2: second}, METRIC) == expected


def test_regions_on_two_images_need_not_overlap():
    by_name = rows(RETURN, RETURN_GOLD)
    # pairs: (1, 3) on one image, (3, 4) across images; turn 2 is another referent
    assert (by_name[METRIC].numerator, by_name[METRIC].denominator) == (2, 2)
    assert by_name["referent_kept_after_return"].denominator == 1
    assert by_name["referent_kept_after_switch"].denominator == 1


def test_constant_box_scores_nothing_where_the_lesion_moves():
    constant = dict.fromkeys(RETURN_GOLD, RIGHT)
    by_name = rows(RETURN, constant)
    # the pair (1, 3) is right by luck; (3, 4) is not
    assert (by_name[METRIC].numerator, by_name[METRIC].denominator) == (1, 2)
    # and the control gives it away: turns 1 and 2, 2 and 3 point at different things
    assert by_name["negative_control"].numerator == by_name["negative_control"].denominator == 2
    assert rows(RETURN, RETURN_GOLD)["negative_control"].numerator == 0


def test_dialogue_without_a_pair_is_unscored():
    case = dialogue(turn(1, "region", region_id="a"), regions=[region("a")])
    row = rows(case, {1: RIGHT})[METRIC]
    assert (row.status, row.numerator, row.denominator) == ("unscored", 0, 0)
    assert row.reason == "no referent comes up twice with a region"


def test_no_box_by_declaration_is_judged_by_site():
    left, right = "A nodule in the left lung.", "A nodule in the right lung."
    assert value(TWICE, {1: left, 2: left}, METRIC, "none") == 1
    assert value(TWICE, {1: left, 2: right}, METRIC, "none") == 0
    assert value(TWICE, {1: right, 2: right}, METRIC, "none") == 0
    assert value(TWICE, {1: RIGHT, 2: RIGHT}, METRIC, "none") == 0


def test_region_without_a_site_is_no_mention_where_no_box_is_declared():
    case = dialogue(
        turn(1, "region", region_id="a"),
        turn(2, "region", region_id="a"),
        regions=[region("a", site=None)],
    )
    by_name = rows(case, {1: "Left lung.", 2: "Left lung."}, "none")
    assert by_name[METRIC].status == "unscored"
    assert by_name["turn_accuracy"].status == "unscored"


def test_points_are_consistent_where_both_hit():
    inside, outside = '<point x="20" y="20" alt="">', '<point x="40" y="20" alt="">'
    assert value(TWICE, {1: inside, 2: inside}, METRIC, "molmo") == 1
    assert value(TWICE, {1: inside, 2: outside}, METRIC, "molmo") == 0
    by_name = rows(TWICE, {1: inside, 2: inside}, "molmo")
    assert by_name["grounding_accuracy"].numerator == 2
    assert "grounding_iou" not in by_name
    assert "self_consistency" not in by_name


def test_grounding_views():
    by_name = rows(TWICE, {1: RIGHT, 2: "[100, 100, 300, 200]"})
    assert by_name["grounding_accuracy"].numerator == 2
    assert by_name["grounding_iou"].numerator == pytest.approx(1.5)
    assert by_name["self_consistency"].numerator == 1
    by_name = rows(TWICE, {1: OTHER_RIGHT, 2: OTHER_RIGHT})
    assert by_name["grounding_accuracy"].numerator == 0
    assert by_name["self_consistency"].numerator == 1  # whatever the truth
    by_name = rows(TWICE, {1: RIGHT, 2: None})
    assert by_name["self_consistency"].numerator == 0
    assert by_name["grounding_accuracy"].denominator == 2


def test_region_turn_without_a_box_is_unparseable():
    by_name = rows(TWICE, {1: "In the left lung.", 2: OTHER_RIGHT})
    assert by_name["unparseable_rate"].numerator == 1
    assert by_name["unparseable_rate"].denominator == 2


def test_box_is_read_on_the_image_of_the_region():
    last = read(RETURN, RETURN_GOLD).turns[3]
    assert last.region.image_id == "then"
    assert last.iou == 1.0


@given(st.integers(0, 800), st.integers(0, 800))
def test_moving_a_right_box_away_never_raises_consistency(x, y):
    moved = {**RETURN_GOLD, 3: f"[{x}, {y}, {x + 200}, {y + 200}]"}
    assert value(RETURN, moved, METRIC) <= value(RETURN, RETURN_GOLD, METRIC)


def test_regions_over_half_of_their_image_are_no_mentions():
    half, more = (0.0, 0.0, 1000.0, 500.0), (0.0, 0.0, 1000.0, 501.0)
    for box, pairs in ((half, 1), (more, None)):
        case = dialogue(
            turn(1, "region", region_id="a"),
            turn(2, "region", region_id="a"),
            regions=[region("a", box=box)],
        )
        row = rows(case, dict.fromkeys((1, 2), "[0, 0, 1000, 500]"))["visual_consistency"]
        assert (row.denominator or None) == pairs
