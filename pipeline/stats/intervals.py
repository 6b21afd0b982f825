"""Percentile intervals of every metric of every group, by resampling whole clusters.

In: the frame of ``table.COLUMNS``, weights of the overall score, a ``Resampling``. Out: one
``Interval`` per (group_kind, group, metric), the composite ``overall`` included.

Method: nonparametric bootstrap of clusters (Davison & Hinkley 1997, section 3.8; Field & Welsh
2007). The whole table is resampled and groups are domains of it, so a group's size varies as it
would in a new sample; a resample that leaves a group without mass says nothing about its ratio and
is left out and counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.stats.composite import clusters_with_mass, with_overall
from pipeline.stats.resample import Resampling, bootstrap, percentiles, ratios
from pipeline.stats.table import Floats, SumsTable

FEW_CLUSTERS = 20  # nominal 95 % intervals covered 92 % at 20 clusters, 90 % at 10

UNDEFINED = "undefined: no denominator"
ONE_CLUSTER = "one cluster: nothing to resample"
NO_VARIATION = "no variation between clusters"
NO_RESAMPLES = "no resamples asked for"

Key = tuple[str, str, str]  # group_kind, group, metric


@dataclass(frozen=True)
class Interval:
    """A value with its interval; bounds are None together, and then ``reason`` says why.

    ``n_clusters`` counts the clusters with mass (for ``overall``: of the metric that has fewest);
    ``few_clusters`` warns that they are under ``FEW_CLUSTERS``. ``n_empty`` resamples left the
    value undefined and are not in the interval.
    """

    value: float | None
    low: float | None
    high: float | None
    n_clusters: int
    n_empty: int
    few_clusters: bool
    reason: str | None


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
        masses = clusters_with_mass(block.metrics, block.denominators > 0, weights)
        for row, (metric, mass) in enumerate(masses.items()):
            sample = None if drawn is None else drawn[position][row]
            by_key[block.group_kind, block.group, metric] = _interval(
                float(values[row]), mass, sample, plan.confidence
            )
    return by_key


def _interval(value: float, n_clusters: int, sample: Floats | None, confidence: float) -> Interval:
    """Return the percentile interval of one value, or the reason for having none."""
    few = n_clusters < FEW_CLUSTERS
    if np.isnan(value):
        return Interval(None, None, None, n_clusters, 0, few, UNDEFINED)
    if sample is None:
        return Interval(value, None, None, n_clusters, 0, few, NO_RESAMPLES)
    bounds, empty = percentiles(sample, confidence)
    if n_clusters < 2:
        return Interval(value, None, None, n_clusters, empty, few, ONE_CLUSTER)
    if bounds is None:
        return Interval(value, None, None, n_clusters, empty, few, NO_VARIATION)
    return Interval(value, *bounds, n_clusters, empty, few, None)
