"""Findings by concept: what the model made of each, counted, and the critical ones it missed.

In: rows of ``FINDING_SCHEMA``, one per annotated finding, as scoring writes them. Out: counts,
sensitivity, specificity and predictive values with intervals over patients.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from actors.schema import Row
from actors.storage.files import join, list_files, read_parquet, write_parquet
from pipeline.metrics.finding_outcomes import FINDING_OUTCOMES, FindingRead
from pipeline.stats.score_interval import score_interval
from pipeline.stats.table import Floats

Cells = dict[str, Any]  # one row of a table, or part of it
FOLDER = "findings"  # of a run; one file per unit of scoring
SUMMARY, MISSED = "findings.parquet", "missed_critical.parquet"
EVERYTHING = "all"
_OF_DIALOGUE = ("dialogue_id", "patient_id", "specialty")

FINDING_SCHEMA = pa.schema(
    [
        pa.field("dialogue_id", pa.string(), nullable=False),
        pa.field("patient_id", pa.string(), nullable=False),
        pa.field("specialty", pa.string(), nullable=False),
        pa.field("concept", pa.string(), nullable=False),
        pa.field("site", pa.string()),
        pa.field("present", pa.bool_(), nullable=False),
        pa.field("size", pa.string(), nullable=False),  # of the region: small medium large unknown
        pa.field("severity", pa.string()),
        pa.field("outcome", pa.string(), nullable=False),
    ]
)
# Numerator and denominator: outcomes, and whether of present findings, of absent ones, of both.
_RATES = {
    "sensitivity": (("tp",), ("tp", "fn"), (True,)),
    "specificity": (("tn",), ("tn", "fp"), (False,)),
    "ppv": (("tp",), ("tp", "fp"), (True, False)),
    "npv": (("tn",), ("tn", "fn"), (True, False)),
    "found": (("tp",), FINDING_OUTCOMES, (True,)),  # silence and doubt held against the model
}
RATES = tuple(_RATES)
FINDINGS_SCHEMA = pa.schema(
    [
        pa.field("specialty", pa.string(), nullable=False),
        pa.field("size", pa.string(), nullable=False),
        pa.field("concept", pa.string(), nullable=False),
        pa.field("n_present", pa.int64(), nullable=False),
        pa.field("n_absent", pa.int64(), nullable=False),
        *(pa.field(name, pa.int64(), nullable=False) for name in FINDING_OUTCOMES),
        *(
            pa.field(f"{rate}{part}", pa.float64())
            for rate in RATES
            for part in ("", "_low", "_high")
        ),
        pa.field("n_clusters", pa.int64(), nullable=False),
    ]
)


class FindingTable:
    """Collects the rows of ``FINDING_SCHEMA``, dialogue by dialogue."""

    def __init__(self) -> None:
        self._columns: dict[str, list[object]] = {name: [] for name in FINDING_SCHEMA.names}

    def add(self, row: Row, findings: Iterable[FindingRead]) -> None:
        """Append a dialogue's findings; ``row`` is its row of the dataset."""
        columns = self._columns
        before = len(columns["outcome"])
        for one in findings:
            columns["concept"].append(one.concept)
            columns["site"].append(one.site)
            columns["present"].append(one.present)
            columns["size"].append(one.size)
            columns["severity"].append(one.severity)
            columns["outcome"].append(one.outcome)
        added = len(columns["outcome"]) - before
        for name in _OF_DIALOGUE:
            columns[name].extend([row[name]] * added)

    def table(self) -> pa.Table:
        """Return the rows so far."""
        return pa.table(self._columns, schema=FINDING_SCHEMA)


def read_findings(root: str) -> pd.DataFrame | None:
    """Read a run's findings; None where it was scored before there were any."""
    files = list_files(join(root, FOLDER), ".parquet")
    if not files:
        return None
    frame: pd.DataFrame = pa.concat_tables(read_parquet(f) for f in files).to_pandas()
    return frame.sort_values(["dialogue_id", "concept"], kind="stable", ignore_index=True)


def write_findings(root: str, confidence: float) -> None:
    """Write the summary of a run's findings, and the critical ones that it missed."""
    frame = read_findings(root)
    if frame is None:
        return
    write_parquet(join(root, SUMMARY), summarise_findings(frame, confidence))
    write_parquet(join(root, MISSED), missed_critical(frame))


def missed_critical(frame: pd.DataFrame) -> pa.Table:
    """Return the critical findings that are present and that the model did not find."""
    missed = frame[
        frame["present"] & (frame["severity"] == "critical") & (frame["outcome"] != "tp")
    ]
    return pa.Table.from_pandas(missed, schema=FINDING_SCHEMA, preserve_index=False)


def summarise_findings(frame: pd.DataFrame, confidence: float) -> pa.Table:
    """Count the outcomes by concept: over everything, by specialty, and by size of the region.

    Args:
        frame: columns of ``FINDING_SCHEMA``.
        confidence: of the intervals, two-sided, over patients.

    Returns:
        ``FINDINGS_SCHEMA``; ``all`` stands for every specialty, size or concept. Rates are null
        where nothing was said that they could be of.
    """
    total = frame.assign(specialty=EVERYTHING, size=EVERYTHING)
    by_specialty = frame.assign(size=EVERYTHING)
    by_size = frame[frame["present"]].assign(specialty=EVERYTHING)
    parts = [total, by_specialty, by_size]
    parts += [part.assign(concept=EVERYTHING) for part in parts]
    keys = ["specialty", "size", "concept"]
    rows = [
        {**dict(zip(keys, key, strict=True)), **_counted(group, confidence)}
        for key, group in pd.concat(parts).groupby(keys, sort=True)
    ]
    return pa.Table.from_pylist(rows, schema=FINDINGS_SCHEMA)


def _counted(group: pd.DataFrame, confidence: float) -> Cells:
    """Return one row's counts and rates."""
    outcome, present = group["outcome"].to_numpy(), group["present"].to_numpy()
    cluster, names = pd.factorize(group["patient_id"])
    row: Cells = {name: int((outcome == name).sum()) for name in FINDING_OUTCOMES}
    row |= {"n_present": int(present.sum()), "n_absent": int((~present).sum())}
    row["n_clusters"] = len(names)
    for rate, (of, all_of, among) in _RATES.items():
        asked = np.isin(outcome, all_of) & np.isin(present, among)
        right = asked & np.isin(outcome, of)
        sums = [np.bincount(cluster, which, len(names)).astype(float) for which in (right, asked)]
        row |= _rate(rate, sums[0], sums[1], confidence)
    return row


def _rate(name: str, right: Floats, asked: Floats, confidence: float) -> Cells:
    """Return a share with its interval over clusters; nulls where nothing was asked."""
    total = float(asked.sum())
    if total == 0:
        return {f"{name}{part}": None for part in ("", "_low", "_high")}
    value = float(right.sum()) / total
    clusters = int((asked > 0).sum())
    low, high = score_interval(value, (right - value * asked) / total, clusters, confidence)
    return {name: value, f"{name}_low": low, f"{name}_high": high}
