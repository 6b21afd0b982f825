"""The decision of the regression gate: whether a candidate is worse on the same dialogues.

In: two frames of scores and a tolerated loss per metric. Out: a ``GateResult`` with one verdict per
metric, overall and by specialty.

The rule, which docs/statistics.md justifies, for a difference turned so that positive is better:

- ``regression``: the loss is significant (one-sided sign-flip test over clusters, corrected) and
  larger than the margin. Half of ``alpha`` goes to the overall comparisons, corrected by Holm, half
  to the specialties, corrected by Benjamini and Hochberg: so two equal models raise any alarm with
  probability ``alpha`` at most.
- ``non_inferior``: the lower confidence bound at ``alpha`` lies above -margin.
- ``inconclusive``: neither; the data are too few to tell. ``undefined``: a side has no denominator.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from conf.errors import BadInput
from pipeline.stats.intervals import FEW_CLUSTERS, NO_VARIATION, Key
from pipeline.stats.multiplicity import benjamini_hochberg, holm
from pipeline.stats.paired import PairedDifference, paired_differences
from pipeline.stats.resample import Resampling
from pipeline.tables.paired import cluster_sums, comparable

GateVerdict = Literal["regression", "non_inferior", "inconclusive", "undefined"]
GateOutcome = Literal["pass", "inconclusive", "regression"]
PRIMARY = "overall"  # the group kind whose comparisons a pass must settle


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One metric in one group: the paired difference and what it amounts to.

    ``bound`` is the one-sided lower confidence bound of the oriented difference, ``p_adjusted`` the
    corrected p-value of being worse, to be held against ``level``.
    """

    group_kind: str
    group: str
    metric: str
    margin: float
    paired: PairedDifference
    bound: float | None
    p_adjusted: float | None
    level: float
    verdict: GateVerdict
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """All comparisons, primary ones first, and how they were made."""

    comparisons: tuple[Comparison, ...]
    alpha: float
    resamples: int
    seed: int
    n_dialogues: int
    n_clusters: int

    @property
    def outcome(self) -> GateOutcome:
        """The sum of all: a pass claims that every primary comparison is shown non-inferior.

        That claim is an intersection-union test (Berger 1982): it is wrong with probability
        ``alpha`` at most without any correction.
        """
        if any(c.verdict == "regression" for c in self.comparisons):
            return "regression"
        primary = [c for c in self.comparisons if c.group_kind == PRIMARY]
        return "pass" if all(c.verdict == "non_inferior" for c in primary) else "inconclusive"

    def passes(self, strict: bool) -> bool:
        """Return whether to let the candidate through.

        Without ``strict`` only a regression stops it; with it, all comparisons, those of
        specialties included, must be shown non-inferior.
        """
        if strict:
            return all(c.verdict == "non_inferior" for c in self.comparisons)
        return self.outcome != "regression"


def decide(
    baseline: pd.DataFrame,
    candidate: pd.DataFrame,
    margins: Mapping[str, float],
    alpha: float,
    resamples: int,
    seed: int,
) -> GateResult:
    """Compare the candidate with the baseline.

    Args:
        baseline: scores, one row per dialogue and metric, as ``comparable`` needs them.
        candidate: scores of the same dialogues and metrics.
        margins: tolerated loss by metric, as a share (0.01 is one point); names what is compared.
        alpha: probability of a false alarm, and of a wrong pass, in (0, 0.5).
        resamples: of the bootstrap and of the test; enough that the smallest p-value,
            1 / (resamples + 1), can survive the correction.
        seed: of the draws.

    Raises:
        BadInput: see ``comparable``; or alpha or resamples are out of range.
    """
    if not 0 < alpha < 0.5:
        raise BadInput(f"gate: alpha is {alpha}; it must be in (0, 0.5)")
    before, after = comparable(baseline, candidate, margins)
    # The bound is one-sided at alpha: the lower end of the two-sided 1 - 2 alpha interval.
    plan = Resampling(resamples=resamples, confidence=1.0 - 2.0 * alpha, seed=seed)
    _check_resamples(resamples, alpha, len(margins) * max(1, before["specialty"].nunique()))
    differences = paired_differences(cluster_sums(before), cluster_sums(after), {}, plan)
    adjusted = {
        **_adjusted(differences, (key for key in differences if key[0] == PRIMARY)),
        **_adjusted(differences, (key for key in differences if key[0] != PRIMARY)),
    }
    order = {metric: position for position, metric in enumerate(margins)}
    keys = sorted(differences, key=lambda key: (key[0] != PRIMARY, key[1], order[key[2]]))
    return GateResult(
        comparisons=tuple(
            _comparison(key, differences[key], margins[key[2]], adjusted[key], alpha / 2)
            for key in keys
        ),
        alpha=alpha,
        resamples=resamples,
        seed=seed,
        n_dialogues=int(before["dialogue_id"].nunique()),
        n_clusters=int(before["patient_id"].nunique()),
    )


def _check_resamples(resamples: int, alpha: float, comparisons: int) -> None:
    """Raise BadInput where no p-value could be small enough: such a gate would pass anything."""
    needed = math.ceil(comparisons / (alpha / 2) - 1e-9) - 1
    if resamples < needed:
        raise BadInput(
            f"gate: resamples is {resamples}; {comparisons} comparisons at alpha {alpha:g} "
            f"need at least {needed}"
        )


def _adjusted(
    differences: Mapping[Key, PairedDifference], family: Iterable[Key]
) -> dict[Key, float | None]:
    """Return the corrected p-values of one family; comparisons without one are not part of it."""
    keys = list(family)
    tested = [(key, p) for key in keys if (p := differences[key].p_worse) is not None]
    correct = holm if all(key[0] == PRIMARY for key in keys) else benjamini_hochberg
    values = correct([p for _, p in tested])
    adjusted: dict[Key, float | None] = dict.fromkeys(keys)
    adjusted.update({key: float(p) for (key, _), p in zip(tested, values, strict=True)})
    return adjusted


def _comparison(
    key: Key, paired: PairedDifference, margin: float, p_adjusted: float | None, level: float
) -> Comparison:
    """Return the verdict on one paired difference."""
    # Where the clusters do not vary at all, the difference is its own bound.
    bound = paired.difference if paired.reason == NO_VARIATION else paired.low
    verdict, reason = _verdict(
        paired, margin, bound, p_adjusted is not None and p_adjusted <= level
    )
    return Comparison(
        group_kind=key[0],
        group=key[1],
        metric=key[2],
        margin=margin,
        paired=paired,
        bound=bound,
        p_adjusted=p_adjusted,
        level=level,
        verdict=verdict,
        reason=reason,
    )


def _verdict(
    paired: PairedDifference, margin: float, bound: float | None, worse: bool
) -> tuple[GateVerdict, str | None]:
    """Return verdict and reason by the rule of the module's docstring."""
    if paired.difference is None:
        return "undefined", paired.reason
    if worse and paired.difference < -margin:
        return "regression", None
    if paired.few_clusters:
        return "inconclusive", f"{paired.n_clusters} clusters; under {FEW_CLUSTERS} prove nothing"
    # At least, not above: with margin 0 two identical runs pass.
    if bound is not None and bound >= -margin:
        return "non_inferior", None
    return "inconclusive", paired.reason or "the interval reaches below the margin"
