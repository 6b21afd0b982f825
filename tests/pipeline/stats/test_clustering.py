import numpy as np
import pytest
from scipy import stats

from pipeline.stats.clustering import (
    design_effect,
    intra_cluster_correlation,
    minimum_detectable_effect,
    ratio_standard_error,
)
from tests.pipeline.stats.simulate import clustered_turns

# Shrout and Fleiss (1979), table 2: six targets, each rated by four judges.
RATINGS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)


def test_icc_of_the_published_example():
    found = intra_cluster_correlation(RATINGS.ravel(), np.repeat(np.arange(6), 4))
    assert found == pytest.approx(0.166, abs=0.0005)  # ICC(1,1), published as .17


def test_icc_with_unequal_sizes_follows_from_scipys_f_statistic():
    rng = np.random.default_rng(1)
    sizes = rng.integers(1, 9, 40)
    clusters = np.repeat(np.arange(40), sizes)
    values = rng.normal(0, 1, 40)[clusters] + rng.normal(0, 1, len(clusters))
    f = stats.f_oneway(*(values[clusters == c] for c in range(40))).statistic
    n0 = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / 39
    assert intra_cluster_correlation(values, clusters) == pytest.approx((f - 1) / (f - 1 + n0))


def test_icc_recovers_the_truth_of_simulated_clusters():
    rng = np.random.default_rng(2)
    clusters = np.repeat(np.arange(3000), rng.integers(1, 6, 3000))
    values = rng.normal(0, 1, 3000)[clusters] + rng.normal(0, 1.5, len(clusters))
    expected = 1 / (1 + 1.5**2)
    assert intra_cluster_correlation(values, clusters) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(
    ("values", "clusters"),
    [
        ([1, 2, 3], ["a", "a", "a"]),
        ([1, 2, 3], ["a", "b", "c"]),
        ([2, 2, 2, 2], ["a", "a", "b", "b"]),
    ],
)
def test_icc_is_undefined_without_two_clusters_a_repeat_and_variation(values, clusters):
    assert intra_cluster_correlation(values, clusters) is None


def test_standard_error_equals_the_spread_over_new_samples():
    rng = np.random.default_rng(3)
    values, errors = [], []
    for _ in range(400):
        cluster, num, den = clustered_turns(rng, n_clusters=80)
        num, den = np.bincount(cluster, num), np.bincount(cluster, den)
        values.append(num.sum() / den.sum())
        errors.append(ratio_standard_error(num, den))
    # The spread of 400 values has a relative standard error of 3.5 %.
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.11)


def test_standard_error_ignores_units_without_a_denominator_and_needs_two():
    with_gap = ratio_standard_error([1, 2, 0, 0], [3, 3, 3, 0])
    assert with_gap == pytest.approx(ratio_standard_error([1, 2, 0], [3, 3, 3]))
    assert ratio_standard_error([1, 0], [3, 0]) is None


def test_design_effect_is_kishs_for_equal_clusters():
    rng = np.random.default_rng(4)
    clusters = np.repeat(np.arange(4000), 5)
    values = rng.normal(0, 1, 4000)[clusters] + rng.normal(0, 1, len(clusters))
    rho = intra_cluster_correlation(values, clusters)
    found = design_effect(values, np.ones(len(values)), clusters)
    assert found == pytest.approx(1 + (5 - 1) * rho, rel=0.005)


def test_design_effect_is_one_without_clusters_and_undefined_without_variation():
    assert design_effect([1, 0, 2], [3, 3, 3], ["a", "b", "c"]) == pytest.approx(1.0)
    assert design_effect([1, 1, 1], [3, 3, 3], ["a", "b", "b"]) is None
    assert design_effect([1, 0, 2], [3, 3, 3], ["a", "a", "a"]) is None


def test_a_difference_of_the_detectable_size_is_found_with_the_promised_power():
    effect = minimum_detectable_effect(0.01, alpha=0.05, power=0.8)
    assert effect == pytest.approx(0.01 * (1.6449 + 0.8416), rel=1e-4)
    found = np.random.default_rng(5).normal(effect, 0.01, 20_000) > 0.01 * stats.norm.ppf(0.95)
    assert found.mean() == pytest.approx(0.8, abs=0.01)
