"""From asked to scored: how many dialogues and turns were lost where, and why.

In: score rows, the manifest, the turn outputs. Out: ``Flow``, plain counts.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from conf.schema import METRICS
from pipeline.report.inputs import RunData

_SHOWN_ERRORS = 5


@dataclass(frozen=True, kw_only=True)
class Measured:
    """How many dialogues one measure could be taken on, and why not on the others."""

    metric: str
    scored: int
    unscored: int
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Counts. ``excluded`` dialogues had faults and were not asked; None: not recorded.

    ``refused`` turns are among those answered; None: scored before they were counted.
    """

    excluded: int | None
    dialogues: int
    patients: int
    turns: int
    turns_failed: int
    dialogues_failed: int
    cut_off: int | None
    refused: int | None
    errors: tuple[tuple[str, int], ...]
    measured: tuple[Measured, ...]

    @property
    def turns_answered(self) -> int:
        """Turns with a response."""
        return self.turns - self.turns_failed


def flow(data: RunData, turns: pd.DataFrame | None) -> Flow:
    """Return the counts; ``turns`` as ``effort.read_turns`` returns them."""
    scores = data.scores
    failed = scores[scores["metric"] == "failed_turns"]
    refusals = scores[scores["metric"] == "refused_turns"]
    errors: Counter[str] = Counter()
    cut_off = None
    if turns is not None:
        broken = turns.loc[turns["status"] == "failed", "error"].fillna("no message")
        errors.update(str(text).strip().split("\n")[0][:200] for text in broken)
        if turns["finish_reason"].notna().any():
            cut_off = int((turns["finish_reason"] == "length").sum())
    return Flow(
        excluded=None if data.manifest is None else len(data.manifest.dataset.dropped),
        dialogues=int(scores["dialogue_id"].nunique()),
        patients=int(scores["patient_id"].nunique()),
        turns=int(failed["denominator"].sum()),
        turns_failed=int(failed["numerator"].sum()),
        dialogues_failed=int((failed["numerator"] > 0).sum()),
        cut_off=cut_off,
        refused=int(refusals["numerator"].sum()) if len(refusals) else None,
        errors=tuple(errors.most_common(_SHOWN_ERRORS)),
        measured=tuple(_measured(scores, metric) for metric in METRICS),
    )


def _measured(scores: pd.DataFrame, metric: str) -> Measured:
    rows = scores[scores["metric"] == metric]
    unscored = rows.loc[rows["status"] == "unscored", "reason"]
    reasons: Mapping[str, int] = Counter(str(r) for r in unscored)
    return Measured(
        metric=metric,
        scored=len(rows) - len(unscored),
        unscored=len(unscored),
        reasons=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
    )
