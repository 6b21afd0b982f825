"""Corrections for many comparisons.

In: p-values of one family. Out: adjusted p-values in the same order, to be held against the level.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from pipeline.stats.table import Floats


def holm(p_values: Sequence[float]) -> Floats:
    """Adjust by Holm's step-down rule: family-wise error, whatever the dependence.

    The i-th smallest of m becomes max over j <= i of (m - j + 1) p_(j), at most 1
    (Holm 1979, Scandinavian Journal of Statistics 6:65).

    Raises:
        ValueError: a p-value outside [0, 1].
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> Floats:
    """Adjust by the step-up rule of Benjamini and Hochberg: false discovery rate.

    The i-th smallest of m becomes min over j >= i of m p_(j) / j, at most 1 (1995, Journal of the
    Royal Statistical Society B 57:289). Holds for independent or positively dependent tests.

    Raises:
        ValueError: a p-value outside [0, 1].
    """
    p = _checked(p_values)
    if not len(p):
        return p
    return np.asarray(stats.false_discovery_control(p, method="bh"), dtype=np.float64)


def _checked(p_values: Sequence[float]) -> Floats:
    """Return the p-values as an array, or raise ValueError."""
    p = np.asarray(p_values, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"a p-value is outside [0, 1]: {p.tolist()}")
    return p
