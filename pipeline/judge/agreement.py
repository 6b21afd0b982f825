"""Agreement of judges beyond chance: Krippendorff's alpha.

In: grades per unit, by any judges; units may lack some. Out: alpha, at most 1; 0 is what
chance would give, below it disagreement is systematic.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def krippendorff_alpha(units: Sequence[Sequence[float]], level: str) -> float | None:
    """Return 1 - observed over expected disagreement, from the matrix of coincidences.

    K. Krippendorff, "Computing Krippendorff's alpha-reliability" (2011): o_ck sums, over units of
    m_u >= 2 grades, the ordered pairs (c, k) / (m_u - 1); alpha = 1 - (n - 1) * sum o_ck d_ck /
    sum n_c n_k d_ck.

    Args:
        units: the grades that each unit was given; units with fewer than two do not count.
        level: ``nominal``, ``ordinal`` or ``interval``: which differences d_ck count how much.

    Returns:
        None where alpha is undefined: no unit with two grades, or one grade throughout.

    Raises:
        ValueError: another level.
    """
    pairable = [list(unit) for unit in units if len(unit) >= 2]
    values = sorted({grade for unit in pairable for grade in unit})
    if len(values) < 2:
        return None
    place = {value: n for n, value in enumerate(values)}
    observed = np.zeros((len(values), len(values)))
    for unit in pairable:
        counts = np.bincount([place[grade] for grade in unit], minlength=len(values))
        pairs = np.outer(counts, counts) - np.diag(counts)
        observed += pairs / (len(unit) - 1)
    totals = observed.sum(axis=1)
    difference = _difference(np.array(values, float), totals, level)
    expected = float((np.outer(totals, totals) * difference).sum())
    return 1.0 - float(totals.sum() - 1.0) * float((observed * difference).sum()) / expected


def _difference(values: Floats, totals: Floats, level: str) -> Floats:
    """Return squared differences (v, v) of grades; ordinal ones by the grades in between."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "interval":
        return np.asarray((values[:, None] - values[None, :]) ** 2)
    if level != "ordinal":
        raise ValueError(f"level is {level!r}; choose nominal, ordinal or interval")
    # sum of n_g for g from c to k, less half of n_c and n_k: a difference of mid-ranks.
    ranks = np.cumsum(totals) - totals / 2
    return np.asarray((ranks[:, None] - ranks[None, :]) ** 2)
