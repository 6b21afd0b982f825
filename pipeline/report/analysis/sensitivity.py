"""How the order of runs depends on the weights of the overall score.

In: the four values of one or more runs. Out: the overall score and rank under other weights, and
the share of random weightings that put each run first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from conf.schema import METRICS
from pipeline.stats.composite import oriented, overall_value

_DRAWS, _SEED = 10_000, 20260101
Values = Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """One set of weights with every run's overall score and rank (1 is best), in run order."""

    name: str
    weights: Mapping[str, float]
    overall: tuple[float | None, ...]
    ranks: tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """All weighings, the run's own first; ``first`` is each run's share of best places.

    ``lowest`` and ``highest`` bound each run's overall score over all weights that sum to 1: its
    worst and its best measure. All three are None where a value is undefined.
    """

    weighings: tuple[Weighing, ...]
    first: tuple[float, ...] | None
    lowest: tuple[float | None, ...]
    highest: tuple[float | None, ...]

    @property
    def rank_changes(self) -> bool:
        """Whether any weighing orders the runs otherwise than the first one does."""
        return any(w.ranks != self.weighings[0].ranks for w in self.weighings)


def sensitivity(runs: Sequence[Values], weights: Mapping[str, float]) -> Sensitivity:
    """Return every run under several sets of weights.

    Args:
        runs: each run's values by metric, 0..1.
        weights: the configured weights; the others are equal weights, and each measure doubled
            and left out with the rest scaled to sum to 1.
    """
    sets = {"As configured": dict(weights), "Equal": dict.fromkeys(METRICS, 1 / len(METRICS))}
    for metric in METRICS:
        sets[f"double:{metric}"] = _scaled(weights, metric, 2.0)
        if weights[metric] < 1:
            sets[f"without:{metric}"] = _scaled(weights, metric, 0.0)
    table = np.array([[_known(run, m) for m in METRICS] for run in runs])
    defined = bool(np.isfinite(table).all())
    first = None
    if defined:
        drawn = np.random.default_rng(_SEED).dirichlet(np.ones(len(METRICS)), size=_DRAWS)
        totals = drawn @ table.T
        best = totals >= totals.max(axis=1, keepdims=True) - 1e-12
        shares = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
        first = tuple(float(s) for s in shares)
    return Sensitivity(
        weighings=tuple(_weighing(name, w, runs) for name, w in sets.items()),
        first=first,
        lowest=tuple(None if np.isnan(r).any() else float(r.min()) for r in table),
        highest=tuple(None if np.isnan(r).any() else float(r.max()) for r in table),
    )


def _weighing(name: str, weights: Mapping[str, float], runs: Sequence[Values]) -> Weighing:
    overall = tuple(overall_value(run, weights) for run in runs)
    known = [value for value in overall if value is not None]
    ranks = tuple(
        None if value is None else 1 + sum(other > value + 1e-12 for other in known)
        for value in overall
    )
    return Weighing(name=name, weights=weights, overall=overall, ranks=ranks)


def _scaled(weights: Mapping[str, float], metric: str, factor: float) -> dict[str, float]:
    scaled = {m: w * (factor if m == metric else 1.0) for m, w in weights.items()}
    total = sum(scaled.values())
    return {m: w / total for m, w in scaled.items()}


def _known(run: Values, metric: str) -> float:
    value = run.get(metric)
    return float("nan") if value is None else oriented(metric, value)
