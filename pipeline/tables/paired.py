"""What the gate may compare: two frames of scores over the same dialogues and metrics.

In: score rows joined with their dialogues' columns. Out: sums per cluster for the whole and for
each specialty, or ``BadInput`` that names what differs.
"""

import math
from collections.abc import Collection, Mapping

import pandas as pd

from conf.errors import BadInput
from pipeline.stats.composite import COVERAGE, COVERED, too_silent
from pipeline.stats.table import COLUMNS

COLUMNS_NEEDED = (
    "dialogue_id",
    "metric",
    "numerator",
    "denominator",
    "status",
    "patient_id",
    "specialty",
)
_ROW = ["dialogue_id", "metric"]
_OF_DIALOGUE = ("patient_id", "specialty", "release")
_EXAMPLES = 3
_RULE = "claim coverage, for the rule alone"  # rows that are not compared themselves


def comparable(
    baseline: pd.DataFrame, candidate: pd.DataFrame, metrics: Mapping[str, float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check both frames and keep the rows of the named metrics, sorted alike.

    Args:
        baseline: one row per dialogue and metric, with ``COLUMNS_NEEDED``.
        candidate: the same dialogues and metrics.
        metrics: the tolerated loss (0..1) by metric; its keys are what is compared.

    Raises:
        BadInput: a margin is not a number in [0, 1]; a frame lacks a column or a metric, or has a
            row twice or a row that cannot be summed; the frames differ in dialogues, in rows, or in
            a column of a dialogue.
    """
    if not metrics:
        raise BadInput("gate: no margins, so nothing to compare")
    for metric, margin in metrics.items():
        if not (math.isfinite(margin) and 0 <= margin <= 1):
            raise BadInput(f"gate: the margin of {metric} is {margin}; it must be in [0, 1]")
    further = _coverage_too(baseline, candidate, metrics)
    before = _checked(baseline, "baseline", [*metrics, *further])
    after = _checked(candidate, "candidate", [*metrics, *further])
    if further:
        before, after = (side.replace({"metric": {COVERAGE: _RULE}}) for side in (before, after))
    _same(before, after, ["dialogue_id"], "dialogues")
    _same(before, after, _ROW, "rows of dialogue and metric")
    for column in _OF_DIALOGUE:
        if column in before.columns and column in after.columns:
            _agree(before, after, column)
    return before, after


def cluster_sums(scores: pd.DataFrame) -> pd.DataFrame:
    """Sum checked scores per patient: overall (group ``all``) and by specialty.

    A group in which the model claims too seldom keeps no sums of its hallucination rate: that is
    undefined there, as in a summary.

    Returns:
        A frame with ``stats.table.COLUMNS``.
    """
    whole = scores.assign(group_kind="overall", group="all")
    by_specialty = scores.assign(group_kind="specialty", group=scores["specialty"])
    groups = [whole, *(part for _, part in by_specialty.groupby("specialty", sort=True))]
    both = pd.concat([_withheld(part) for part in groups])
    return both.rename(columns={"patient_id": "cluster"})[[*COLUMNS]].reset_index(drop=True)


def _coverage_too(
    baseline: pd.DataFrame, candidate: pd.DataFrame, metrics: Collection[str]
) -> tuple[str, ...]:
    """Return the further metric that both runs need where hallucination is compared."""
    there = all(
        "metric" in frame.columns and frame["metric"].eq(COVERAGE).any()
        for frame in (baseline, candidate)
    )
    return (COVERAGE,) if there and COVERED in metrics and COVERAGE not in metrics else ()


def _withheld(group: pd.DataFrame) -> pd.DataFrame:
    """Return a group's rows having applied the rule of claim coverage."""
    coverage = group[group["metric"].isin((COVERAGE, _RULE))]
    rest = group[group["metric"] != _RULE].copy()
    total = math.fsum(coverage["denominator"])
    if total > 0 and too_silent(math.fsum(coverage["numerator"]) / total):
        rest.loc[rest["metric"] == COVERED, ["numerator", "denominator"]] = 0.0
    return rest


def _checked(scores: pd.DataFrame, side: str, metrics: Collection[str]) -> pd.DataFrame:
    """Keep one side's rows of the metrics, or raise BadInput."""
    missing = [c for c in COLUMNS_NEEDED if c not in scores.columns]
    if missing:
        raise BadInput(f"{side}: the scores lack the columns {', '.join(missing)}")
    absent = sorted(set(metrics) - set(scores["metric"]))
    if absent:
        raise BadInput(f"{side}: no scores of {', '.join(absent)}")
    rows = scores[scores["metric"].isin(list(metrics))].copy()
    for column in ("dialogue_id", "patient_id", "specialty"):
        _refuse(rows, rows[column].isna(), side, f"has no {column}")
    _refuse(rows, rows.duplicated(_ROW), side, "is there twice")
    known = rows["status"].isin(["scored", "unscored"])
    _refuse(rows, ~known, side, "has a status other than scored or unscored")
    # An unscored row has no sums by definition, whether written as null or as 0.
    unscored = rows["status"] == "unscored"
    rows.loc[unscored, ["numerator", "denominator"]] = 0.0
    sums = rows[["numerator", "denominator"]].astype(float)
    finite = sums.abs().lt(math.inf).all(axis=1)
    _refuse(rows, ~finite | sums["denominator"].lt(0), side, "has sums that are not usable")
    rows[["numerator", "denominator"]] = sums
    return rows.sort_values(_ROW, ignore_index=True)


def _refuse(scores: pd.DataFrame, bad: "pd.Series[bool]", side: str, what: str) -> None:
    """Raise BadInput that names the first bad row."""
    if bad.any():
        row = scores.loc[bad].iloc[0]
        raise BadInput(
            f"{side}: dialogue {row['dialogue_id']!r}, metric {row['metric']!r} {what} "
            f"({int(bad.sum())} such rows)"
        )


def _same(before: pd.DataFrame, after: pd.DataFrame, columns: list[str], what: str) -> None:
    """Raise BadInput unless both sides have the same keys."""
    sides = [set(frame[columns].itertuples(index=False, name=None)) for frame in (before, after)]
    differences = []
    for name, extra in (("baseline", sides[0] - sides[1]), ("candidate", sides[1] - sides[0])):
        if extra:
            examples = ", ".join(repr(" / ".join(map(str, k))) for k in sorted(extra)[:_EXAMPLES])
            differences.append(f"{len(extra)} in the {name} only ({examples})")
    if differences:
        raise BadInput(f"the runs do not cover the same {what}: {'; '.join(differences)}")


def _agree(before: pd.DataFrame, after: pd.DataFrame, column: str) -> None:
    """Raise BadInput unless aligned rows have the same value for their dialogue."""
    differs = before[column].ne(after[column]) & ~(before[column].isna() & after[column].isna())
    if differs.any():
        row = int(differs.to_numpy().argmax())
        one = before.loc[row, "dialogue_id"]
        raise BadInput(
            f"dialogue {one!r}: {column} is {before.loc[row, column]!r} in the baseline and "
            f"{after.loc[row, column]!r} in the candidate ({int(differs.sum())} such rows)"
        )
