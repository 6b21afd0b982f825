"""How much dialogues of one cluster resemble each other, and what that costs.

In: values or sums per dialogue or cluster. Out: standard errors, intra-cluster correlation, design
effect, and the smallest difference that a comparison can be expected to find.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from pipeline.stats.table import Floats, Ints


def ratio_standard_error(numerators: ArrayLike, denominators: ArrayLike) -> float | None:
    """Return the linearised standard error of sum(num) / sum(den) over k independent units.

    sqrt(k / (k - 1) * sum (num_i - r den_i)^2) / sum(den), units without a denominator left out
    (Cochran 1977, Sampling Techniques, section 6.4). None below two units.
    """
    num, den = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    num, den = num[den > 0], den[den > 0]
    if len(den) < 2:
        return None
    total = float(den.sum())
    return _root_of_sum(num - num.sum() / total * den) / total


def intra_cluster_correlation(values: ArrayLike, clusters: ArrayLike) -> float | None:
    """Return the intra-cluster correlation by one-way analysis of variance, sizes unequal.

    (MSB - MSW) / (MSB + (n0 - 1) MSW) with n0 = (N - sum n_i^2 / N) / (k - 1) (Donner 1986,
    International Statistical Review 54:67); with equal sizes, ICC(1,1) of Shrout and Fleiss (1979).
    It may be negative.

    Args:
        values: one value per dialogue, (N,).
        clusters: the cluster of each, (N,).

    Returns:
        None where it is undefined: one cluster, clusters of one dialogue each, or no variation.
    """
    value = np.asarray(values, np.float64)
    position, sizes = _sizes(clusters)
    n, k = len(value), len(sizes)
    if k < 2 or n == k:
        return None
    means = np.bincount(position, value) / sizes
    between = float((sizes * (means - value.mean()) ** 2).sum()) / (k - 1)
    within = float(((value - means[position]) ** 2).sum()) / (n - k)
    n0 = (n - float((sizes**2).sum()) / n) / (k - 1)
    total = between + (n0 - 1.0) * within
    return (between - within) / total if total > 0 else None


def design_effect(
    numerators: ArrayLike, denominators: ArrayLike, clusters: ArrayLike
) -> float | None:
    """Return the variance of the ratio with clusters over that of independent dialogues.

    Kish's design effect, from the two linearised variances; the number of dialogues over it is the
    effective number. None where either standard error is undefined or zero.
    """
    position, _ = _sizes(clusters)
    num, den = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    independent = ratio_standard_error(num, den)
    clustered = ratio_standard_error(np.bincount(position, num), np.bincount(position, den))
    if not independent or clustered is None:
        return None
    return (clustered / independent) ** 2


def minimum_detectable_effect(standard_error: float, alpha: float, power: float = 0.8) -> float:
    """Return the smallest true difference that a one-sided test finds with the given power.

    (z_(1 - alpha) + z_power) x standard error, in units of the standard error. For a two-sided test
    give half of its alpha.
    """
    quantiles = stats.norm.ppf([1.0 - alpha, power])
    return float(quantiles.sum()) * standard_error


def _root_of_sum(influence: Floats) -> float:
    """Return the standard error of a sum of k contributions that are centred at 0."""
    k = len(influence)
    return math.sqrt(k / (k - 1) * float((influence**2).sum()))


def _sizes(clusters: ArrayLike) -> tuple[Ints, Ints]:
    """Return each row's cluster as a position (N,), and the clusters' sizes (k,)."""
    _, position = np.unique(np.asarray(clusters), return_inverse=True)
    return position.astype(np.intp), np.bincount(position)
