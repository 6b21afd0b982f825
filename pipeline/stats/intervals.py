"""Intervals of every metric of every group, over whole clusters.

In: the frame of ``table.COLUMNS``, weights of the overall score, a ``Resampling``. Out: one
``Interval`` per (group_kind, group, metric), the composite ``overall`` included.

Method: nonparametric bootstrap of clusters (Davison & Hinkley 1997, section 3.8; Field & Welsh
2007); near 0 and 1 and with few clusters score intervals (``score_interval``). The whole table is
resampled and groups are domains of it, so a group's size varies as it would in a new sample; a
resample that leaves a group without mass says nothing about its ratio and is left out and counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pipeline.stats.composite import clusters_with_mass, direction, weighted, with_overall
from pipeline.stats.resample import Resampling, bootstrap, percentiles, ratios
from pipeline.stats.score_interval import score_interval
from pipeline.stats.table import Block, Floats, SumsTable

FEW_CLUSTERS = 20  # below, groups are flagged and no gate passes
FEW_FOR_PERCENTILES = (
    50  # below, and beyond EDGE, nominal 95 % percentile intervals cover too little
)
EDGE = 0.1  # from 0 and from 1

UNDEFINED = "undefined: no denominator"
ONE_CLUSTER = "one cluster: nothing to resample"
NO_VARIATION = "no variation between clusters"  # of differences; single values have an interval
NO_RESAMPLES = "no resamples asked for"

Method = Literal["percentile", "score"]
Key = tuple[str, str, str]  # group_kind, group, metric


@dataclass(frozen=True)
class Interval:
    """A value with its interval; bounds are None together, and then ``reason`` says why.

    ``n_clusters`` counts the clusters with mass (for ``overall``: of the metric that has fewest);
    ``few_clusters`` warns that they are under ``FEW_CLUSTERS``. ``n_empty`` resamples left the
    value undefined and are not in the interval. ``method``: how the bounds were found.
    """

    value: float | None
    low: float | None
    high: float | None
    n_clusters: int
    n_empty: int
    few_clusters: bool
    method: Method | None
    reason: str | None

    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader of the bounds should know: few clusters, a score interval."""
        score = ("score_interval",) if self.method == "score" else ()
        return (*(("few_clusters",) if self.few_clusters else ()), *score)


@dataclass(frozen=True)
class _Estimate:
    """A value, how many clusters it has, and what each contributes to its error, (m,)."""

    value: float
    n_clusters: int
    influence: Floats


def intervals(
    frame: pd.DataFrame, weights: Mapping[str, float], plan: Resampling
) -> dict[Key, Interval]:
    """Bootstrap every ratio, and the weighted overall score, of every group.

    Args:
        frame: columns ``table.COLUMNS``, sums per cluster; a cluster may be in many groups.
        weights: weight of each metric in ``overall``; empty for no overall score.
        plan: resamples, two-sided confidence and seed.

    Returns:
        By (group_kind, group, metric). With weights each group has an ``overall``, undefined where
        a weighted metric is.

    Raises:
        ValueError: the frame cannot be summed; see ``SumsTable.from_frame``.
    """
    table = SumsTable.from_frame(frame)

    def statistic(position: int, sums: Floats) -> Floats:
        return with_overall(table.blocks[position].metrics, ratios(sums), weights)

    drawn: list[Floats] | None = None
    if plan.resamples and table.clusters:
        drawn = bootstrap(table.blocks, len(table.clusters), statistic, plan)
    by_key: dict[Key, Interval] = {}
    for position, block in enumerate(table.blocks):
        values = statistic(position, block.sums.sum(axis=1, keepdims=True))[:, 0]
        counted = clusters_with_mass(block.metrics, block.denominators > 0, weights)
        parts = _contributions(block, values, weights)
        for row, (metric, n_clusters) in enumerate(counted.items()):
            sample = None if drawn is None else drawn[position][row]
            estimate = _Estimate(float(values[row]), n_clusters, parts[row])
            by_key[block.group_kind, block.group, metric] = _interval(
                estimate, sample, plan.confidence
            )
    return by_key


def _contributions(block: Block, values: Floats, weights: Mapping[str, float]) -> Floats:
    """Return each cluster's part in the error of each value, (rows, m).

    num - r den over the sum of denominators, the influences behind the linearised standard error
    (Cochran 1977, section 6.4); for ``overall`` their weighted sum.
    """
    totals = block.denominators.sum(axis=1)
    k = len(block.metrics)
    rates = np.nan_to_num(values[:k])[:, None]
    parts = np.zeros(block.numerators.shape)
    residuals = block.numerators - rates * block.denominators
    np.divide(residuals, totals[:, None], out=parts, where=totals[:, None] > 0)
    if not weights:
        return parts
    signs = np.array([direction(metric) for metric in block.metrics])[:, None]
    return np.vstack([parts, weighted(block.metrics, signs * parts, weights)])


def _interval(estimate: _Estimate, sample: Floats | None, confidence: float) -> Interval:
    """Return the interval of one value, or the reason for having none."""
    k = estimate.n_clusters
    few = k < FEW_CLUSTERS
    if np.isnan(estimate.value):
        return Interval(None, None, None, k, 0, few, None, UNDEFINED)
    if sample is None:
        return Interval(estimate.value, None, None, k, 0, few, None, NO_RESAMPLES)
    bounds, empty = percentiles(sample, confidence)
    edge = min(estimate.value, 1.0 - estimate.value) <= EDGE
    if bounds is not None and not edge and k >= FEW_FOR_PERCENTILES:
        return Interval(estimate.value, *bounds, k, empty, few, "percentile", None)
    bounds = score_interval(estimate.value, estimate.influence, k, confidence)
    return Interval(estimate.value, *bounds, k, empty, few, "score", None)
