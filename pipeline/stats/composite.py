"""The overall score: a weighted sum of metrics, each turned so that higher is better.

In: values of single metrics and their weights. Out: one value, or None where a metric is undefined;
for arrays with one row per metric, a further row.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.stats.table import Floats

OVERALL = "overall"
COVERAGE = "claim_coverage"
COVERED = "hallucination_rate"  # says nothing where the model claims too seldom
LEAST_COVERAGE = 0.5
INVERTED = frozenset({"hallucination_rate"})  # rates of something bad; they enter as 1 - value


def oriented(metric: str, value: float) -> float:
    """Turn a metric's value (0..1) so that higher is better."""
    return 1.0 - value if metric in INVERTED else value


def direction(metric: str) -> float:
    """Return the sign that makes a difference of this metric's values positive if it improves."""
    return -1.0 if metric in INVERTED else 1.0


def too_silent(coverage: float | None) -> bool:
    """Return whether a model makes claims at too few of the turns where the expert does.

    Its hallucination rate is then undefined, and the overall score with it: silence must not pay.
    """
    return coverage is not None and coverage < LEAST_COVERAGE


def where_covered(values: Mapping[str, float | None]) -> Mapping[str, float | None]:
    """Return the values, without the hallucination rate of a model that is too silent."""
    return {**values, COVERED: None} if too_silent(values.get(COVERAGE)) else values


def overall_value(values: Mapping[str, float | None], weights: Mapping[str, float]) -> float | None:
    """Weigh the metrics into one score: sum of weight x oriented value, in 0..1.

    Returns:
        None where any weighted metric is missing or undefined: a sum over fewer metrics would be
        another score under the same name.
    """
    total = 0.0
    for metric, weight in weights.items():
        value = values.get(metric)
        if value is None:
            return None
        total += weight * oriented(metric, value)
    return total


def weighted(metrics: Sequence[str], oriented: Floats, weights: Mapping[str, float]) -> Floats:
    """Weigh oriented rows, (k, b), into one, (b,); nan where a weighted metric is missing."""
    total = np.zeros(oriented.shape[1])
    for metric, weight in weights.items():
        if metric not in metrics:
            return np.full(oriented.shape[1], np.nan)
        total += weight * oriented[metrics.index(metric)]
    return total


def with_overall(metrics: Sequence[str], values: Floats, weights: Mapping[str, float]) -> Floats:
    """Append the overall value to the metrics' plain values: (k, b) to (k + 1, b)."""
    if not weights:
        return values
    inverted = np.array([[metric in INVERTED] for metric in metrics])
    turned = np.where(inverted, 1.0 - values, values)
    return np.vstack([values, weighted(metrics, turned, weights)])


def clusters_with_mass(
    metrics: Sequence[str], mass: NDArray[np.bool_], weights: Mapping[str, float]
) -> dict[str, int]:
    """Count the clusters with mass, (k, m), by metric in row order, ``overall`` last.

    The overall score has as many as the metric that has fewest; without weights there is none.
    """
    counts = dict(zip(metrics, mass.sum(axis=1).tolist(), strict=True))
    if weights:
        counts[OVERALL] = min(counts.get(metric, 0) for metric in weights)
    return counts
