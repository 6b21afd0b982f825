"""Turn outputs made by hand, for tests that read a run's course."""

from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa

from actors.schema import TURN_SCHEMA, TurnRecord
from actors.storage.files import join, write_parquet
from pipeline.runs.directory import RunDirectory


def write_turns(
    run: RunDirectory,
    turns: Iterable[tuple[str, datetime | None, float]],
    errors: Iterable[str | None] | None = None,
    name: str = "part",
) -> None:
    """Write one turn per (dialogue, start, seconds); ``errors`` are the reasons of failed ones."""
    turns = list(turns)
    reasons = list(errors or [None] * len(turns))
    rows = [
        TurnRecord(
            run_id="r",
            model="m",
            dialogue_id=dialogue,
            turn=1,
            question="?",
            status="failed" if error else "ok",
            error=error,
            started_at=start,
            latency_s=seconds,
        ).to_row()
        for (dialogue, start, seconds), error in zip(turns, reasons, strict=True)
    ]
    table = pa.Table.from_pylist(rows, schema=TURN_SCHEMA)
    write_parquet(join(run.turns, f"{name}.parquet"), table)
