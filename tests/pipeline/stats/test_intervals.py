import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from conf.schema import METRICS
from pipeline.stats.composite import overall_value
from pipeline.stats.intervals import (
    NO_RESAMPLES,
    UNDEFINED,
    intervals,
)
from pipeline.stats.resample import Resampling, counts, signs
from tests.pipeline.stats.simulate import clustered_turns, sums_frame

WEIGHTS = dict(zip(METRICS, (0.30, 0.25, 0.25, 0.20), strict=True))
ALL = ("overall", "all", "turn_accuracy")


def plan(resamples=400, confidence=0.95, seed=7, chunk=128):
    return Resampling(resamples=resamples, confidence=confidence, seed=seed, chunk=chunk)


def four_metrics(rng, n_clusters=60, specialties=3):
    """All four metrics, over the whole and by specialty, with the last rows of one metric empty."""
    frames = []
    for metric in METRICS:
        cluster, num, den = clustered_turns(rng, n_clusters)
        frames.append(sums_frame(cluster, num, den, metric))
        for s in range(specialties):
            mine = cluster % specialties == s
            group = ("specialty", f"s{s}")
            frames.append(sums_frame(cluster[mine], num[mine], den[mine], metric, group))
    return pd.concat(frames, ignore_index=True)


def test_interval_agrees_with_scipy_for_a_ratio_without_clusters():
    rng = np.random.default_rng(1)
    den = rng.integers(1, 16, 300).astype(float)
    num = rng.binomial(den.astype(int), 0.55).astype(float)
    ours = intervals(sums_frame(range(300), num, den), {}, plan(resamples=10_000))[ALL]
    theirs = stats.bootstrap(
        (num, den),
        lambda n, d, axis: n.sum(axis=axis) / d.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=10_000,
        batch=500,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    # The Monte Carlo error of a 2.5 % percentile of 10,000 draws is about 0.04 standard errors.
    tolerance = 0.1 * (theirs.high - theirs.low) / 4
    assert ours.low == pytest.approx(theirs.low, abs=3 * tolerance)
    assert ours.high == pytest.approx(theirs.high, abs=3 * tolerance)


def test_intervals_by_cluster_cover_the_truth_where_intervals_by_dialogue_do_not():
    rng = np.random.default_rng(20)
    simulations, covered, naive = 300, 0, 0
    for seed in range(simulations):
        cluster, num, den = clustered_turns(rng, n_clusters=100, truth=0.6)
        here = plan(resamples=300, seed=seed)
        by_cluster = intervals(sums_frame(cluster, num, den), {}, here)[ALL]
        by_dialogue = intervals(sums_frame(range(len(num)), num, den), {}, here)[ALL]
        covered += by_cluster.low <= 0.6 <= by_cluster.high
        naive += by_dialogue.low <= 0.6 <= by_dialogue.high
    assert (
        covered / simulations > 0.91
    )  # 3 standard errors of 95 % over 300 simulations: 3.8 points
    assert covered / simulations < 0.985
    assert naive / simulations < 0.85


def test_overall_is_the_weighted_sum_with_hallucination_inverted():
    frame = four_metrics(np.random.default_rng(3))
    found = intervals(frame, WEIGHTS, plan(resamples=50))
    for kind, group in (("overall", "all"), ("specialty", "s1")):
        mine = frame[(frame.group_kind == kind) & (frame.group == group)]
        sums = mine.groupby("metric")[["numerator", "denominator"]].sum()
        value = sums.numerator / sums.denominator
        expected = (
            0.30 * value.turn_accuracy
            + 0.25 * value.visual_consistency
            + 0.25 * value.reasoning_coherence
            + 0.20 * (1 - value.hallucination_rate)
        )
        overall = found[kind, group, "overall"]
        assert overall.value == pytest.approx(expected)
        assert overall.low < expected < overall.high
        assert overall_value(value.to_dict(), WEIGHTS) == pytest.approx(expected)


def test_overall_is_undefined_where_one_metric_is():
    frame = four_metrics(np.random.default_rng(4))
    gone = (frame.metric == "visual_consistency") & (frame.group == "s1")
    without_rows = intervals(frame[~gone], WEIGHTS, plan(resamples=20))
    frame.loc[gone, ["numerator", "denominator"]] = 0.0
    without_mass = intervals(frame, WEIGHTS, plan(resamples=20))
    for found in (without_rows, without_mass):
        overall = found["specialty", "s1", "overall"]
        assert (overall.value, overall.low, overall.reason) == (None, None, UNDEFINED)
        assert overall.n_clusters == 0
        assert found["specialty", "s0", "overall"].low is not None
        assert found["specialty", "s1", "turn_accuracy"].low is not None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_nothing(seed):
    frame = four_metrics(np.random.default_rng(5), n_clusters=25)
    shuffled = frame.sample(frac=1.0, random_state=np.random.default_rng(seed))
    assert intervals(shuffled, WEIGHTS, plan(60)) == intervals(frame, WEIGHTS, plan(60))


@settings(max_examples=25, deadline=None)
@given(cut=st.lists(st.integers(0, 4), min_size=120, max_size=120))
def test_sums_of_shards_merge_to_the_sums_of_the_whole(cut):
    rng = np.random.default_rng(6)
    cluster = np.arange(120) % 30
    frame = sums_frame(cluster, rng.integers(0, 6, 120), np.full(120, 5))
    keys = ["cluster", "group_kind", "group", "metric"]
    parts = [f.groupby(keys, as_index=False).sum() for _, f in frame.groupby(np.array(cut))]
    assert intervals(pd.concat(parts), {}, plan(60)) == intervals(frame, {}, plan(60))


@settings(max_examples=25, deadline=None)
@given(power=st.integers(-8, 8))
def test_scaling_numerators_and_denominators_together_changes_nothing(power):
    frame = four_metrics(np.random.default_rng(8), n_clusters=25)
    scaled = frame.assign(
        numerator=frame.numerator * 2.0**power, denominator=frame.denominator * 2.0**power
    )
    assert intervals(scaled, WEIGHTS, plan(60)) == intervals(frame, WEIGHTS, plan(60))


@settings(max_examples=15, deadline=None)
@given(chunk=st.integers(1, 90))
def test_the_chunk_changes_nothing(chunk):
    frame = four_metrics(np.random.default_rng(9), n_clusters=25)
    assert intervals(frame, {}, plan(70, chunk=chunk)) == intervals(frame, {}, plan(70, chunk=70))
    for draw in (counts, signs):
        whole = np.concatenate(list(draw(37, plan(70, chunk=70))), axis=1)
        parts = np.concatenate(list(draw(37, plan(70, chunk=chunk))), axis=1)
        assert np.array_equal(whole, parts)


def test_a_group_sees_the_same_resamples_with_and_without_the_other_groups():
    frame = four_metrics(np.random.default_rng(10))
    alone = frame[frame.group_kind == "overall"]
    together = intervals(frame, WEIGHTS, plan(100))
    for key, interval in intervals(alone, WEIGHTS, plan(100)).items():
        assert together[key] == interval


def test_another_seed_gives_another_but_similar_interval():
    frame = four_metrics(np.random.default_rng(11))
    one = intervals(frame, {}, plan(2000, seed=1))[ALL]
    two = intervals(frame, {}, plan(2000, seed=2))[ALL]
    assert one.low != two.low
    assert one.low == pytest.approx(two.low, abs=0.2 * (one.high - one.low))


def test_draws_take_as_many_clusters_as_there_are_and_signs_are_signs():
    drawn = np.concatenate(list(counts(41, plan(300))), axis=1)
    assert drawn.shape == (41, 300)
    assert (drawn.sum(axis=0) == 41).all()
    assert abs(drawn.mean(axis=1) - 1.0).max() < 0.3
    flipped = np.concatenate(list(signs(41, plan(300))), axis=1)
    assert set(np.unique(flipped)) == {-1.0, 1.0}
    assert abs(flipped.mean(axis=1)).max() < 0.25


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n_clusters", [1, 2, 30, 500])
def test_clusters_that_are_all_alike_have_an_interval_that_more_of_them_make_shorter(
    value, n_clusters
):
    def found(n):
        return intervals(sums_frame(range(n), np.full(n, 2 * value), np.full(n, 2)), {}, plan())[
            ALL
        ]

    one, more = found(n_clusters), found(2 * n_clusters)
    assert one.low <= value <= one.high
    assert more.high - more.low < one.high - one.low
    assert "score_interval" in one.flags
    assert ("few_clusters" in one.flags) == (n_clusters < 20)


def test_middling_values_of_many_clusters_have_percentile_intervals():
    rng = np.random.default_rng(12)
    for truth, n_clusters, method in (
        (0.6, 60, "percentile"),
        (0.6, 30, "score"),
        (0.97, 60, "score"),
    ):
        cluster, num, den = clustered_turns(rng, n_clusters, truth)
        assert intervals(sums_frame(cluster, num, den), {}, plan())[ALL].method == method


@pytest.mark.parametrize("n_clusters", [10, 50, 200])
@pytest.mark.parametrize("truth", [0.02, 0.9, 0.98])
def test_intervals_near_the_ends_cover_the_truth(truth, n_clusters):
    rng = np.random.default_rng(13)
    hits = []
    for seed in range(300):
        frame = sums_frame(*clustered_turns(rng, n_clusters, truth))
        found = intervals(frame, {}, plan(resamples=60, seed=seed))[ALL]
        hits.append(found.low <= truth <= found.high)
    assert np.mean(hits) > 0.90  # 93 % less three standard errors of 300; percentiles: 52 to 88 %


def test_inputs_without_an_interval_say_why():
    none = intervals(sums_frame(range(5), np.zeros(5), np.zeros(5)), {}, plan())[ALL]
    assert (none.value, none.low, none.reason, none.n_clusters) == (None, None, UNDEFINED, 0)
    off = intervals(sums_frame(range(5), np.arange(5), np.full(5, 5)), {}, plan(0))[ALL]
    assert (off.value, off.low, off.reason) == (0.4, None, NO_RESAMPLES)
    assert intervals(sums_frame([], [], []), {}, plan()) == {}


def test_a_rare_group_excludes_and_counts_the_resamples_that_miss_it():
    whole = sums_frame(range(50), np.arange(50) % 3, np.full(50, 3))
    rare = sums_frame([4, 9], [1, 2], [3, 3], group=("source", "rare"))
    found = intervals(pd.concat([whole, rare]), {}, plan(resamples=2000))
    missed = found["source", "rare", "turn_accuracy"]
    # A resample of 50 misses two given clusters with probability (48 / 50)^50 = 13 %.
    assert missed.n_empty == pytest.approx(2000 * (48 / 50) ** 50, rel=0.2)
    assert missed.few_clusters
    assert missed.low < 1 / 3
    assert missed.high > 2 / 3
    assert not found[ALL].few_clusters
    assert found[ALL].n_empty == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"denominator": [-1.0, 1.0]}, "denominator negative"),
        ({"numerator": [np.nan, 1.0]}, "not finite"),
        ({"cluster": [None, "c1"]}, "null cluster"),
    ],
)
def test_a_frame_that_cannot_be_summed_is_refused(change, message):
    frame = sums_frame([0, 1], [1, 1], [1, 1]).assign(**change)
    with pytest.raises(ValueError, match=message):
        intervals(frame, {}, plan())
    with pytest.raises(ValueError, match="lacks the columns denominator"):
        intervals(frame.drop(columns="denominator"), {}, plan())


@pytest.mark.parametrize("wrong", [{"resamples": -1}, {"confidence": 1.0}, {"chunk": 0}])
def test_a_plan_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        plan(**wrong)
