"""What became of the turns that each measure reads, and how far they could move it.

In: rows of ``OUTCOME_SCHEMA`` as scoring writes them, and the summary. Out: one row per specialty
and measure: turns by outcome, dialogues without the measure, its value and its bounds.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from actors.schema import Row
from actors.storage.files import join, list_files, read_parquet, write_parquet
from conf.schema import METRICS
from pipeline.metrics.base import OUTCOMES, Outcome
from pipeline.tables.schemas import ALL

Cells = dict[str, Any]  # one row of a table, or part of it
FOLDER = "outcomes"  # of a run; one file per unit of scoring
SUMMARY = "outcomes.parquet"

OUTCOME_SCHEMA = pa.schema(
    [
        pa.field("dialogue_id", pa.string(), nullable=False),
        pa.field("specialty", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("turns", pa.int64(), nullable=False),
    ]
)
OUTCOMES_SCHEMA = pa.schema(
    [
        pa.field("specialty", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        *(pa.field(name, pa.int64(), nullable=False) for name in OUTCOMES),
        pa.field("unscored", pa.int64(), nullable=False),  # dialogues
        pa.field("value", pa.float64()),
        # With open turns answered as the expert did, and as the opposite: all numbers of 0..1.
        pa.field("best", pa.float64()),
        pa.field("worst", pa.float64()),
    ]
)


class OutcomeTable:
    """Collects the rows of ``OUTCOME_SCHEMA``, dialogue by dialogue."""

    def __init__(self) -> None:
        self._columns: dict[str, list[object]] = {name: [] for name in OUTCOME_SCHEMA.names}

    def add(self, row: Row, counts: Counter[tuple[str, Outcome]]) -> None:
        """Append a dialogue's counts; ``row`` is its row of the dataset."""
        columns = self._columns
        for (metric, outcome), turns in counts.items():
            columns["metric"].append(metric)
            columns["outcome"].append(outcome)
            columns["turns"].append(turns)
        for name in ("dialogue_id", "specialty"):
            columns[name].extend([row[name]] * len(counts))

    def table(self) -> pa.Table:
        """Return the rows so far."""
        return pa.table(self._columns, schema=OUTCOME_SCHEMA)


def write_outcomes(root: str, summary: pa.Table) -> None:
    """Write the summary of a run's outcomes; nothing where it was scored before there were any."""
    files = list_files(join(root, FOLDER), ".parquet")
    if files:
        frame = pa.concat_tables(read_parquet(f) for f in files).to_pandas()
        table = summarise_outcomes(frame, summary.to_pylist())
        write_parquet(join(root, SUMMARY), table)


def summarise_outcomes(frame: pd.DataFrame, summary: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Count turns by outcome over everything and by specialty, beside value and bounds.

    Args:
        frame: columns of ``OUTCOME_SCHEMA``.
        summary: rows of SUMMARY_SCHEMA of the same run.
    """
    by_key = {(r["group_kind"], r["group"], r["metric"]): r for r in summary}
    specialties = sorted({str(g) for kind, g, _ in by_key if kind == "specialty"})
    groups = [ALL, *(("specialty", name) for name in specialties)]
    rows: list[Cells] = []
    for kind, group in groups:
        part = frame if (kind, group) == ALL else frame[frame["specialty"] == group]
        turns = part.groupby(["metric", "outcome"])["turns"].sum().to_dict()
        for metric in METRICS:
            named = {n: by_key.get((kind, group, n), {}) for n in _names(metric)}
            value, best, worst = (named[n].get("value") for n in _names(metric))
            row: Cells = {"specialty": group, "metric": metric, "value": value}
            row |= {"best": best, "worst": worst}
            row |= {name: int(turns.get((metric, name), 0)) for name in OUTCOMES}
            rows.append(row | {"unscored": named[metric].get("n_unscored", 0)})
    return pa.Table.from_pylist(rows, schema=OUTCOMES_SCHEMA)


def _names(metric: str) -> tuple[str, str, str]:
    return metric, f"{metric}_best", f"{metric}_worst"
