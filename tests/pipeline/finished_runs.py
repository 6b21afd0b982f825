"""What a finished run holds, for the tests of runs."""

from collections import Counter
from pathlib import Path

import pyarrow as pa

from actors.storage.files import list_files, read_parquet
from pipeline.dataset.open import open_dataset
from pipeline.runs.directory import RunDirectory


def turn_rows(run: RunDirectory) -> pa.Table:
    """All turn outputs of a run."""
    return pa.concat_tables(read_parquet(f) for f in list_files(run.turns, ".parquet"))


def summary_rows(run: RunDirectory) -> list[dict]:
    return read_parquet(run.summary).to_pylist()


def value(run: RunDirectory, metric: str, group: str = "all") -> float | None:
    """A metric's value for a group."""
    (row,) = (r for r in summary_rows(run) if r["metric"] == metric and r["group"] == group)
    return row["value"]


def assert_one_row_per_turn(run: RunDirectory, dataset: Path) -> None:
    """Every asked turn is there once, and nothing else."""
    asked = Counter(
        (row["dialogue_id"], t["turn"])
        for row in open_dataset(str(dataset)).dialogues().to_pylist()
        for t in row["turns"]
    )
    rows = turn_rows(run)
    found = Counter(zip(rows["dialogue_id"].to_pylist(), rows["turn"].to_pylist(), strict=True))
    assert found == asked
