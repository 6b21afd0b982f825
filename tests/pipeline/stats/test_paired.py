import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from conf.schema import METRICS
from pipeline.stats.intervals import NO_VARIATION, ONE_CLUSTER, intervals
from pipeline.stats.paired import paired_differences
from pipeline.stats.resample import Resampling
from pipeline.tables.paired import cluster_sums
from tests.pipeline.stats.simulate import run_scores, sums_frame, world

WEIGHTS = dict(zip(METRICS, (0.30, 0.25, 0.25, 0.20), strict=True))
ALL = ("overall", "all", "turn_accuracy")


def plan(resamples=400, confidence=0.95, seed=7):
    return Resampling(resamples=resamples, confidence=confidence, seed=seed)


def two_runs(seed, n_dialogues=150, skill=0.0):
    rng = np.random.default_rng(seed)
    here = world(rng, n_dialogues)
    return cluster_sums(run_scores(rng, here)), cluster_sums(run_scores(rng, here, skill))


def test_differences_are_candidate_minus_baseline_with_hallucination_turned():
    before, after = two_runs(1, skill=0.3)
    found = paired_differences(before, after, WEIGHTS, plan())
    values = [intervals(frame, WEIGHTS, plan(0)) for frame in (before, after)]
    for key, one in found.items():
        assert (one.baseline, one.candidate) == (values[0][key].value, values[1][key].value)
        sign = -1 if key[2] == "hallucination_rate" else 1
        assert one.difference == pytest.approx(sign * (one.candidate - one.baseline))
    assert found["overall", "all", "hallucination_rate"].difference > 0
    whole = [found["overall", "all", metric].difference for metric in METRICS]
    expected = sum(w * d for w, d in zip(WEIGHTS.values(), whole, strict=True))
    assert found["overall", "all", "overall"].difference == pytest.approx(expected)


def test_interval_and_p_value_agree_with_scipy_for_paired_means():
    """With one turn per dialogue and no clusters the ratio is a mean; scipy has both methods."""
    rng = np.random.default_rng(2)
    base = rng.normal(0.5, 0.1, 60)
    cand = base - 0.012 + rng.normal(0, 0.05, 60)
    ones = np.ones(60)
    one = paired_differences(
        sums_frame(range(60), base, ones), sums_frame(range(60), cand, ones), {}, plan(20_000)
    )[ALL]
    change = (cand - base,)
    test = stats.permutation_test(
        change, np.mean, permutation_type="samples", alternative="less", n_resamples=20_000, rng=rng
    )
    spread = stats.bootstrap(change, np.mean, n_resamples=20_000, method="percentile", rng=rng)
    assert one.p_worse == pytest.approx(test.pvalue, abs=0.012)
    assert one.low == pytest.approx(spread.confidence_interval.low, abs=0.0007)
    assert one.high == pytest.approx(spread.confidence_interval.high, abs=0.0007)
    assert one.standard_error == pytest.approx(stats.sem(cand - base))


def test_p_value_is_the_share_of_all_label_exchanges_where_denominators_agree():
    rng = np.random.default_rng(3)
    den = rng.integers(1, 8, 9).astype(float)
    base, cand = rng.binomial(den.astype(int), 0.7), rng.binomial(den.astype(int), 0.4)
    exchanges = []
    for swap in itertools.product([False, True], repeat=9):
        one, two = np.where(swap, cand, base), np.where(swap, base, cand)
        exchanges.append(two.sum() / den.sum() - one.sum() / den.sum())
    observed = cand.sum() / den.sum() - base.sum() / den.sum()
    exact = np.mean(np.array(exchanges) <= observed + 1e-12)
    one = paired_differences(
        sums_frame(range(9), base, den), sums_frame(range(9), cand, den), {}, plan(20_000)
    )[ALL]
    assert one.p_worse == pytest.approx(exact, abs=0.01)


def test_sign_flip_test_keeps_its_level_although_dialogues_cluster():
    p_values = []
    for seed in range(150):
        before, after = two_runs(1000 + seed, n_dialogues=120)
        found = paired_differences(before, after, WEIGHTS, plan(99, seed=seed))
        p_values.append([found["overall", "all", m].p_worse for m in (*METRICS, "overall")])
    rejected = np.mean(np.array(p_values) <= 0.05, axis=0)
    assert (rejected <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 150)).all()
    assert 0.3 < np.mean(p_values) < 0.7


def test_a_true_difference_of_the_detectable_size_is_usually_found():
    found = [
        paired_differences(*two_runs(seed, 300, skill=-0.35), {}, plan(199))[ALL]
        for seed in range(40)
    ]
    assert np.mean([one.p_worse <= 0.025 for one in found]) > 0.8
    assert np.mean([one.difference for one in found]) < -np.mean(
        [one.minimum_detectable for one in found]
    )


def test_exchanging_the_runs_turns_the_difference_round():
    before, after = two_runs(5, skill=0.2)
    one = paired_differences(before, after, WEIGHTS, plan())
    other = paired_differences(after, before, WEIGHTS, plan())
    for key, forth in one.items():
        back = other[key]
        assert forth.difference == pytest.approx(-back.difference)
        assert forth.low == pytest.approx(-back.high)
        assert forth.standard_error == pytest.approx(back.standard_error)
        assert forth.p_two_sided == pytest.approx(back.p_two_sided)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_nothing(seed):
    before, after = two_runs(6, n_dialogues=40)
    order = np.random.default_rng(seed).permutation(len(before))
    assert paired_differences(
        before.iloc[order], after.sample(frac=1, random_state=seed % 1000), WEIGHTS, plan(50)
    ) == paired_differences(before, after, WEIGHTS, plan(50))


@settings(max_examples=15, deadline=None)
@given(power=st.integers(-6, 6))
def test_scaling_one_runs_sums_changes_nothing(power):
    before, after = two_runs(7, n_dialogues=40)
    scaled = after.assign(
        numerator=after.numerator * 2.0**power, denominator=after.denominator * 2.0**power
    )
    one = paired_differences(before, after, {}, plan(50))
    other = paired_differences(before, scaled, {}, plan(50))
    for key, plain in one.items():
        assert other[key].difference == plain.difference
        assert (other[key].low, other[key].high) == (plain.low, plain.high)
        assert other[key].standard_error == pytest.approx(plain.standard_error)


def test_pairing_shortens_the_interval():
    before, after = two_runs(8, n_dialogues=600)
    paired = paired_differences(before, after, {}, plan())[ALL]
    alone = [intervals(frame, {}, plan())[ALL] for frame in (before, after)]
    unpaired = np.hypot(*((one.high - one.low) for one in alone))
    assert paired.high - paired.low < 0.75 * unpaired


def test_degenerate_comparisons_say_why_they_have_no_interval():
    num, den = np.arange(30) % 4, np.full(30, 4)
    same = sums_frame(range(30), num, den)
    one = paired_differences(same, same, {}, plan())[ALL]
    assert (one.difference, one.low, one.p_worse, one.reason) == (0.0, None, 1.0, NO_VARIATION)
    silent = paired_differences(same, sums_frame(range(30), 0 * num, 0 * den), {}, plan())[ALL]
    assert (silent.difference, silent.p_worse) == (None, None)
    assert silent.reason == "undefined: no denominator in candidate"
    lone = sums_frame([0], [1], [2])
    assert paired_differences(lone, lone, {}, plan())[ALL].reason == ONE_CLUSTER


def test_runs_over_other_clusters_groups_or_metrics_are_refused():
    frame = sums_frame(range(4), np.ones(4), np.ones(4))
    with pytest.raises(ValueError, match="1 clusters are in one run only, first 'c00003'"):
        paired_differences(frame, frame.iloc[:3], {}, plan())
    with pytest.raises(ValueError, match="same groups and metrics"):
        paired_differences(frame, frame.assign(metric="visual_consistency"), {}, plan())
    part = sums_frame([0, 1], [1, 1], [1, 1], group=("specialty", "s0"))
    other = sums_frame([0, 2], [1, 1], [1, 1], group=("specialty", "s0"))
    with pytest.raises(ValueError, match="specialty 's0'"):
        paired_differences(pd.concat([frame, part]), pd.concat([frame, other]), {}, plan())
