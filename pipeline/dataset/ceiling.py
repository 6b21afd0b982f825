"""The ceiling that disagreement among annotators sets to a score.

In: per turn, the share a_t of annotators who gave the reference answer, with the turn's cluster.
Out: the turn accuracy of a human-level model, its interval, and how large a difference must be.

Assumptions: the reference is the annotators' consensus, annotators are exchangeable, and an answer
is either equal to the reference or not. docs/statistics.md gives the derivations and their limits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from conf.schema import ScoringConfig
from pipeline.dataset.open import Gold
from pipeline.stats.intervals import Interval, intervals
from pipeline.stats.resample import Resampling
from pipeline.stats.table import Floats

_GROUP = ("overall", "all")


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """Turn accuracies (shares, 0..1) that the annotators' agreement allows.

    ``human_level``: of an annotator against the consensus, and equally of a perfect model against
    one random annotator: the mean of a_t. ``between_annotators``: of one annotator against another,
    at least the mean of a_t^2 (all dissenters differ); ``between_annotators_most`` is the mean of
    a_t^2 + (1 - a_t)^2 (all dissenters agree, as they must on a yes/no question).
    ``smallest_difference``: two human-level raters differ by more with probability 1 - confidence.
    """

    human_level: Interval
    between_annotators: Interval
    between_annotators_most: Interval
    smallest_difference: float | None
    n_turns: int
    n_unknown: int

    def separates(self, one: float, other: float) -> bool | None:
        """Return whether two turn accuracies differ by more than annotators do.

        False where they are closer than two human-level raters, or where both reach the human
        level (the lower end of its interval): beyond it, agreement with the reference no longer
        orders models by skill. None where the ceiling is undefined.
        """
        level = self.human_level.low if self.human_level.low is not None else self.human_level.value
        if level is None or self.smallest_difference is None:
            return None
        return abs(one - other) > self.smallest_difference and min(one, other) < level


def reference_ceiling(
    clusters: Sequence[str], agreements: Sequence[float | None], plan: Resampling
) -> Ceiling:
    """Derive the ceiling from the turns' agreements.

    Args:
        clusters: the cluster of each turn, e.g. its patient.
        agreements: a_t of each turn in [0, 1]; None where it was not measured: such turns are
            counted and left out.
        plan: resamples, two-sided confidence and seed of the intervals.

    Raises:
        ValueError: lengths differ or an agreement is outside [0, 1].
    """
    if len(clusters) != len(agreements):
        raise ValueError(f"{len(clusters)} clusters for {len(agreements)} agreements")
    known = [(c, a) for c, a in zip(clusters, agreements, strict=True) if a is not None]
    share = np.array([a for _, a in known], dtype=np.float64)
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError("an agreement is outside [0, 1]")
    named = {
        "human_level": share,
        "between_annotators": share**2,
        "between_annotators_most": share**2 + (1.0 - share) ** 2,
    }
    frame = pd.concat(
        pd.DataFrame(
            {
                "cluster": [c for c, _ in known],
                "group_kind": _GROUP[0],
                "group": _GROUP[1],
                "metric": name,
                "numerator": values,
                "denominator": 1.0,
            }
        )
        for name, values in named.items()
    )
    by_group = intervals(frame, {}, plan)
    undefined = Interval(None, None, None, 0, 0, True, None, "no turn has an agreement")
    return Ceiling(
        **{name: by_group.get((*_GROUP, name), undefined) for name in named},
        smallest_difference=_smallest_difference(share, plan.confidence),
        n_turns=len(known),
        n_unknown=len(agreements) - len(known),
    )


def _smallest_difference(share: Floats, confidence: float) -> float | None:
    """Bound the difference of two raters who each hit turn t with probability a_t, independently.

    z sqrt(2 sum a_t (1 - a_t)) / T, from the variance of a sum of independent Bernoulli variables.
    """
    if not len(share):
        return None
    spread = math.sqrt(2.0 * float((share * (1.0 - share)).sum()))
    return float(stats.norm.ppf((1.0 + confidence) / 2.0)) * spread / len(share)


_SEED = 20260101


def ceiling_of(gold: Gold, scoring: ScoringConfig) -> Ceiling | None:
    """Derive the ceiling from all turns' agreements; None if no turn has one."""
    clusters: list[str] = []
    agreements: list[float | None] = []
    for row in gold.dialogues.select(["patient_id", "turns"]).to_pylist():
        for turn in row["turns"]:
            clusters.append(row["patient_id"])
            agreements.append(turn["agreement"])
    if not any(a is not None for a in agreements):
        return None
    plan = Resampling(resamples=scoring.resamples, confidence=scoring.confidence, seed=_SEED)
    return reference_ceiling(clusters, agreements, plan)
