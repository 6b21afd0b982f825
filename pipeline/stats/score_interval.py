"""Score intervals of shares over clusters, for where resampling clusters says too little.

In: a share with the contribution of each cluster to its error. Out: bounds in 0..1. Near 0 and 1
and with few clusters, a resample holds too few of the clusters that are wrong (or right), and a
percentile interval is too short; where all clusters are alike it is a point.
"""

import math

import numpy as np
from scipy import stats

from pipeline.stats.table import Floats

_LEAST_FREEDOM = 4.0  # t_4 = 2.8: less gives intervals that cover 99 %, more too short ones


def score_interval(
    value: float, influence: Floats, n_clusters: int, confidence: float
) -> tuple[float, float]:
    """Return the interval of Wilson for the effective number of independent answers.

    That number is n = p (1 - p) / v with v the linearised variance over clusters (Korn & Graubard
    1998, Survey Methodology 24:193), times (z / t)^2 for the uncertainty of v. t has the degrees of
    freedom that the clusters' contributions u have as an estimate of their variance,
    (sum u^2)^2 / sum u^4: few where a few clusters alone are wrong. Where v is 0, each
    cluster is one answer.

    Args:
        value: the share p, in 0..1.
        influence: contribution u of each cluster to the error of p; they add up to 0.
        n_clusters: how many clusters there are, those without a contribution included.
        confidence: two-sided.
    """
    z = float(stats.norm.ppf((1.0 + confidence) / 2.0))
    k = n_clusters
    squares = influence**2
    variance = k / (k - 1) * float(squares.sum()) if k > 1 else 0.0
    spread = value * (1.0 - value)
    if variance <= 1e-14 or spread <= 0.0:
        n = float(k)
    else:
        freedom = float(squares.sum()) ** 2 / float((squares**2).sum())
        freedom = min(max(freedom, _LEAST_FREEDOM), max(k - 1.0, 1.0))
        t = float(stats.t.ppf((1.0 + confidence) / 2.0, freedom))
        n = spread / variance * (z / t) ** 2
    return _wilson(value, n, z)


def _wilson(p: float, n: float, z: float) -> tuple[float, float]:
    """Return Wilson's interval (1927, J. Am. Stat. Assoc. 22:209) for p of n."""
    centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n)
    half = z / (1.0 + z * z / n) * math.sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n))
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return float(np.minimum(low, p)), float(np.maximum(high, p))
