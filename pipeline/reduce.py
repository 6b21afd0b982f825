"""Scores to the summary: exact sums per group, intervals, the overall score.

In: score rows, in any order and sharding. Out: one row per group and metric (SUMMARY_SCHEMA).
Sums are correctly rounded (math.fsum), so the same rows give the same summary however they were
cut into files.
"""

import math
from typing import Any

import pandas as pd
import pyarrow as pa

from conf.schema import METRICS, ScoringConfig
from pipeline.stats.composite import (
    COVERAGE,
    COVERED,
    OVERALL,
    overall_value,
    too_silent,
    where_covered,
)
from pipeline.stats.intervals import Interval, intervals
from pipeline.stats.resample import Resampling
from pipeline.stats.table import COLUMNS
from pipeline.tables.schemas import ALL, GROUP_COLUMNS, SUMMARY_SCHEMA, TURN_INDEX

Cells = dict[str, Any]  # one row of SUMMARY_SCHEMA, or part of it
_FAILED = "failed_turns"
_SEED = 20260101  # of the bootstrap: intervals, too, are the same for the same rows


def reduce_scores(frame: pd.DataFrame, scoring: ScoringConfig) -> pa.Table:
    """Sum up the score rows by group.

    Args:
        frame: score rows, columns of SCORE_SCHEMA.
        scoring: weights of the overall score, resamples and confidence of the intervals.

    Returns:
        SUMMARY_SCHEMA, sorted by group kind, group and metric. ``overall`` is null, with the
        reason, where one of its metrics is undefined; ``hallucination_rate`` is, too, where the
        model claims something at fewer than half of the turns where the expert does. ``n_failed``
        counts dialogues with a failed or missing turn, ``n_unscored`` those without this metric.
    """
    grouped = _by_group(frame)
    plan = Resampling(resamples=scoring.resamples, confidence=scoring.confidence, seed=_SEED)
    interval_of = intervals(grouped[[*COLUMNS]], scoring.weights, plan)
    rows: list[Cells] = []
    for (kind, group), part in grouped.groupby(["group_kind", "group"], sort=True):
        for row in _group_rows(part, scoring):
            interval = interval_of[str(kind), str(group), str(row["metric"])]
            named = {"group_kind": kind, "group": group} | row
            rows.append(named | _bounds(interval, known=row["value"] is not None))
            rows[-1]["reason"] = row["reason"] or rows[-1]["reason"]
    return pa.Table.from_pylist(rows, schema=SUMMARY_SCHEMA)


def _bounds(interval: Interval, *, known: bool) -> Cells:
    """Return an interval's cells; one of a value that is withheld has no bounds."""
    return {
        "ci_low": interval.low if known else None,
        "ci_high": interval.high if known else None,
        "n_clusters": interval.n_clusters,
        "flags": list(interval.flags) if known else [],
        "reason": interval.reason,
    }


def _group_rows(part: pd.DataFrame, scoring: ScoringConfig) -> list[Cells]:
    """Sum up one group's rows, by metric and overall."""
    members = part.drop_duplicates("dialogue_id")
    counts = {"n_dialogues": len(members), "n_failed": int(members["failed"].sum())}
    values: dict[str, float | None] = {}
    rows: list[Cells] = []
    row: Cells
    for metric, cells in part.groupby("metric", sort=True):
        numerator, denominator = math.fsum(cells["numerator"]), math.fsum(cells["denominator"])
        value = numerator / denominator if denominator > 0 else None
        values[str(metric)] = value
        row = {"metric": metric, "value": value, "numerator": numerator, "reason": None}
        scored = int((cells["status"] == "scored").sum())
        rows.append(
            row | counts | {"denominator": denominator, "n_unscored": len(members) - scored}
        )
    if part["group_kind"].iloc[0] == TURN_INDEX:
        return rows  # one metric only: nothing to weigh
    silent = _silence(values.get(COVERAGE))
    if silent is not None:
        withheld = {"value": None, "reason": silent}
        rows = [r | withheld if r["metric"] == COVERED else r for r in rows]
    known = where_covered(values)
    undefined = [metric for metric in METRICS if known.get(metric) is None]
    row = {"metric": OVERALL, "value": overall_value(known, scoring.weights)}
    why = f"undefined: {', '.join(undefined)}" + (f" ({silent})" if silent else "")
    row["reason"] = why if undefined else None
    rows.append(row | counts | {"numerator": None, "denominator": None, "n_unscored": 0})
    return rows


def _silence(coverage: float | None) -> str | None:
    """Return why a group's hallucination rate is withheld; None where it is not."""
    if coverage is None or not too_silent(coverage):
        return None
    return f"claims at {coverage:.1%} of the turns where the expert makes one: under half"


def _by_group(frame: pd.DataFrame) -> pd.DataFrame:
    """Repeat each row under every group that its dialogue belongs to; ``@N`` rows by turn index."""
    frame = frame.rename(columns={"patient_id": "cluster"})
    failed = frame.loc[(frame["metric"] == _FAILED) & (frame["numerator"] > 0), "dialogue_id"]
    frame["failed"] = frame["dialogue_id"].isin(set(failed))
    columns = ["dialogue_id", "cluster", "metric", "numerator", "denominator", "status", "failed"]
    at_turn = frame["metric"].str.contains("@")
    whole, turns = frame[~at_turn], frame.loc[at_turn, columns]
    parts = [whole[columns].assign(group_kind=ALL[0], group=ALL[1])]
    parts += [whole[columns].assign(group_kind=kind, group=whole[kind]) for kind in GROUP_COLUMNS]
    named = turns["metric"].str.split("@", n=1, expand=True)
    if len(turns):
        parts.append(turns.assign(group_kind=TURN_INDEX, group=named[1], metric=named[0]))
    return pd.concat(parts, ignore_index=True)
