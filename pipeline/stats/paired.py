"""Differences between two runs on the same dialogues.

In: two frames of ``table.COLUMNS`` with the same clusters, groups and metrics. Out: one
``PairedDifference`` per (group_kind, group, metric), turned so that positive means better.

Both runs see the same resamples of clusters, so what makes a dialogue hard for both cancels. The
test flips the sign of each cluster's contribution: where both runs have the same denominators this
is exactly the exchange of the two runs' labels within clusters (docs/statistics.md derives it).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.stats.clustering import minimum_detectable_effect
from pipeline.stats.intervals import FEW_CLUSTERS, NO_RESAMPLES, NO_VARIATION, ONE_CLUSTER, Key
from pipeline.stats.paired_block import PairedBlock
from pipeline.stats.resample import Resampling, bootstrap, percentiles, sign_flips
from pipeline.stats.table import Floats, SumsTable


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """Candidate minus baseline of one metric, oriented: positive is better.

    ``baseline`` and ``candidate`` are the plain values. ``p_worse`` tests "not worse than the
    baseline" against "worse", ``p_two_sided`` "equal". ``minimum_detectable`` is the true
    difference found with power 0.8 at one side of the interval's confidence, before any correction.
    What is None is undefined, and ``reason`` says why.
    """

    baseline: float | None
    candidate: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_worse: float | None = None
    p_two_sided: float | None = None
    standard_error: float | None = None
    minimum_detectable: float | None = None
    n_clusters: int
    n_empty: int = 0
    few_clusters: bool
    reason: str | None = None


def paired_differences(
    baseline: pd.DataFrame, candidate: pd.DataFrame, weights: Mapping[str, float], plan: Resampling
) -> dict[Key, PairedDifference]:
    """Compare two runs on every ratio, and on the overall score, of every group.

    Args:
        baseline: columns ``table.COLUMNS``.
        candidate: the same clusters, groups and metrics.
        weights: weight of each metric in ``overall``; empty for no overall score.
        plan: resamples (of the bootstrap and of the test), two-sided confidence and seed.

    Raises:
        ValueError: the frames cannot be summed or do not have the same keys.
    """
    before, after = SumsTable.from_frame(baseline), SumsTable.from_frame(candidate)
    _check_aligned(before, after)
    pairs = [PairedBlock(b, a, weights) for b, a in zip(before.blocks, after.blocks, strict=True)]
    n = len(before.clusters)
    differences: list[Floats] | None = None
    flips: list[Floats] | None = None
    if plan.resamples and pairs:
        stacked = [pair.stacked() for pair in pairs]
        differences = bootstrap(stacked, n, lambda at, sums: pairs[at].difference(sums), plan)
        scores = [replace(pair.before, sums=pair.contributions(pooled=True)) for pair in pairs]
        flips = sign_flips(scores, n, plan)
    by_key: dict[Key, PairedDifference] = {}
    for at, pair in enumerate(pairs):
        sample = None if differences is None else differences[at]
        for row, (metric, one) in enumerate(_described(pair, sample, plan).items()):
            if flips is not None and one.difference is not None:
                one = _tested(one, pair.contributions(pooled=True)[row], flips[at][row])
            by_key[pair.before.group_kind, pair.before.group, metric] = one
    return by_key


def _described(
    pair: PairedBlock, sample: Floats | None, plan: Resampling
) -> dict[str, PairedDifference]:
    """Describe each row, its test apart; ``sample`` is the bootstrap's (rows, resamples)."""
    before, after = pair.values()
    difference, influence = pair.point(), pair.contributions(pooled=False)
    by_metric = {}
    for row, (metric, count) in enumerate(pair.clusters_with_mass().items()):
        one = PairedDifference(
            baseline=_known(before[row]),
            candidate=_known(after[row]),
            difference=_known(difference[row]),
            n_clusters=count,
            few_clusters=count < FEW_CLUSTERS,
        )
        resampled = None if sample is None else sample[row]
        by_metric[metric] = _bounded(one, influence[row], resampled, plan)
    return by_metric


def _bounded(
    one: PairedDifference, influence: Floats, sample: Floats | None, plan: Resampling
) -> PairedDifference:
    """Add the standard error and the bootstrap's interval, or the reason for having none."""
    if one.difference is None:
        sides = {"baseline": one.baseline, "candidate": one.candidate}
        without = " and ".join(side for side, value in sides.items() if value is None)
        return replace(one, reason=f"undefined: no denominator in {without}")
    if one.n_clusters < 2:
        return replace(one, reason=ONE_CLUSTER)
    k = one.n_clusters
    error = float(np.sqrt(k / (k - 1) * (influence**2).sum()))
    least = minimum_detectable_effect(error, alpha=(1.0 - plan.confidence) / 2.0)
    one = replace(one, standard_error=error, minimum_detectable=least)
    if sample is None:
        return replace(one, reason=NO_RESAMPLES)
    bounds, n_empty = percentiles(sample, plan.confidence)
    if bounds is None:
        return replace(one, n_empty=n_empty, reason=NO_VARIATION)
    return replace(one, n_empty=n_empty, low=bounds[0], high=bounds[1])


def _tested(one: PairedDifference, scores: Floats, flipped: Floats) -> PairedDifference:
    """Add the p-values of the sign-flip test; the observed signs count as one more draw."""
    observed = float(scores.sum())
    slack = 1e-12 * float(np.abs(scores).sum())  # ties that differ by rounding are ties
    draws = len(flipped) + 1
    worse = 1 + int((flipped <= observed + slack).sum())
    extreme = 1 + int((np.abs(flipped) >= abs(observed) - slack).sum())
    return replace(one, p_worse=worse / draws, p_two_sided=extreme / draws)


def _known(value: float) -> float | None:
    """Turn nan into None."""
    return None if np.isnan(value) else float(value)


def _check_aligned(before: SumsTable, after: SumsTable) -> None:
    """Raise ValueError unless both tables have the same clusters, groups and metrics."""
    if before.clusters != after.clusters:
        differing = sorted(set(before.clusters) ^ set(after.clusters))
        raise ValueError(f"{len(differing)} clusters are in one run only, first {differing[0]!r}")
    keys = [[(b.group_kind, b.group, b.metrics) for b in t.blocks] for t in (before, after)]
    if keys[0] != keys[1]:
        raise ValueError("the runs do not have the same groups and metrics")
    for one, other in zip(before.blocks, after.blocks, strict=True):
        if not np.array_equal(one.clusters, other.clusters):
            raise ValueError(f"{one.group_kind} {one.group!r}: the runs differ in its clusters")
