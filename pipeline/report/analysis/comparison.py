"""A run against another on the same dialogues: paired differences and flipped turns.

In: two runs' score rows. Out: ``Comparison``. Differences are this run minus the other, turned so
that positive is better.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from conf.schema import METRICS
from pipeline.metrics.base import RIGHT
from pipeline.report.inputs import RunData
from pipeline.stats.intervals import Key
from pipeline.stats.multiplicity import holm
from pipeline.stats.paired import PairedDifference, paired_differences
from pipeline.stats.resample import Resampling
from pipeline.tables.paired import cluster_sums, comparable
from pipeline.tables.protocol import refuse_unlike
from pipeline.tables.schemas import ALL

_SEED = 20260101
_AT_TURN = "turn_accuracy@"


@dataclass(frozen=True, kw_only=True)
class Flips:
    """Turns right in both runs, in one of them, or in neither; and the dialogues they are in.

    ``gained`` and ``lost`` count, by dialogue, turns only this run or only the other got right.
    """

    both: int
    neither: int
    only_this: int
    only_other: int
    gained: Mapping[str, int]
    lost: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """This run against ``other``; ``adjusted`` p-values (Holm) are those of the overall group."""

    other: RunData
    differences: Mapping[Key, PairedDifference]
    adjusted: Mapping[str, float]
    flips: Flips
    n_patients: int


def compare(data: RunData, other: RunData) -> Comparison:
    """Compare two runs.

    Raises:
        BadInput: they do not cover the same dialogues, or were asked in another way.
    """
    if data.manifest is not None and other.manifest is not None:
        refuse_unlike(other.manifest, data.manifest, (other.label, data.label))
    margins = dict.fromkeys(METRICS, 0.0)  # only the check of alignment is needed
    before, after = comparable(other.scores, data.scores, margins)
    scoring = data.scoring
    plan = Resampling(resamples=scoring.resamples, confidence=scoring.confidence, seed=_SEED)
    differences = paired_differences(
        cluster_sums(before), cluster_sums(after), scoring.weights, plan
    )
    tested = {
        key[2]: one.p_two_sided
        for key, one in differences.items()
        if key[:2] == ALL and one.p_two_sided is not None
    }
    adjusted = holm(list(tested.values()))
    return Comparison(
        other=other,
        differences=differences,
        adjusted={m: float(p) for m, p in zip(tested, adjusted, strict=True)},
        flips=flips(data.scores, other.scores),
        n_patients=int(after["patient_id"].nunique()),
    )


def flips(this: pd.DataFrame, other: pd.DataFrame) -> Flips:
    """Return the turns of two runs, matched; a turn is right from a score of 0.5 on."""
    ours, theirs = _right(this).align(_right(other), join="inner")
    gained, lost = ours & ~theirs, theirs & ~ours
    return Flips(
        both=int((ours & theirs).sum()),
        neither=int((~ours & ~theirs).sum()),
        only_this=int(gained.sum()),
        only_other=int(lost.sum()),
        gained=_by_dialogue(gained),
        lost=_by_dialogue(lost),
    )


def _right(scores: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether each scored turn is right, by (dialogue, metric@turn)."""
    turns = scores[scores["metric"].str.startswith(_AT_TURN)]
    return turns.set_index(["dialogue_id", "metric"])["numerator"].ge(RIGHT)


def _by_dialogue(flags: "pd.Series[bool]") -> dict[str, int]:
    counts = flags[flags].groupby(level="dialogue_id").size()
    return {str(d): int(n) for d, n in counts.items()}
