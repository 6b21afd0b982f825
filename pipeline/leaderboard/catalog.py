"""The catalog: every finished run of an output folder in one table, for leaderboards and SQL.

In: a run's manifest and summary. Out: ``<output>/catalogue/<run_id>-<model>.parquet``, one row per
group and metric. A file appears whole, and entering a run again replaces its own file alone, so any
number of programs may write at once.
"""

import json
from datetime import datetime

import pyarrow as pa

from actors.storage.files import (
    join,
    list_files,
    parquet_schema,
    read_parquet,
    remove,
    write_parquet,
)
from pipeline.runs.manifest import Manifest
from pipeline.tables.schemas import SUMMARY_SCHEMA

_s = pa.string()
CATALOG_SCHEMA = pa.schema(
    [
        pa.field("run_id", _s, nullable=False),
        pa.field("model", _s, nullable=False),
        pa.field("weights_id", _s, nullable=False),
        pa.field("dataset", _s, nullable=False),
        pa.field("release", _s, nullable=False),
        pa.field("content", _s, nullable=False),  # the dataset's content id
        pa.field("limit", pa.int64()),  # only so many dialogues were asked for
        pa.field("dropped", pa.int64(), nullable=False),  # dialogues left out for their faults
        pa.field("prompt", _s, nullable=False),
        pa.field("box_dialect", _s, nullable=False),
        pa.field("sampling", _s, nullable=False),  # JSON
        pa.field("weights", _s, nullable=False),  # JSON, of the overall score
        pa.field("finished", pa.timestamp("s", tz="UTC"), nullable=False),
        *SUMMARY_SCHEMA,
    ]
)


def enter(output: str, manifest: Manifest, summary: pa.Table) -> str:
    """Write one finished run into the catalog below ``output`` and return the file's URI.

    Args:
        output: the folder that holds the runs.
        manifest: the run's, with its ``finished`` time and what it was ``scored`` with.
        summary: rows of SUMMARY_SCHEMA.
    """
    dataset, protocol = manifest.dataset, manifest.protocol
    name = manifest.model.name
    if manifest.finished is None or manifest.scored is None:
        raise ValueError(f"run {manifest.run_id} is not complete")
    same = {
        "run_id": manifest.run_id,
        "model": name,
        "weights_id": manifest.model.weights,
        "dataset": dataset.name,
        "release": dataset.release,
        "content": dataset.content,
        "limit": dataset.limit,
        "dropped": len(dataset.dropped),
        "prompt": protocol.prompt,
        "box_dialect": protocol.box_dialect,
        "sampling": json.dumps(protocol.sampling, sort_keys=True),
        "weights": json.dumps(manifest.scored["weights"], sort_keys=True),
        "finished": datetime.fromisoformat(manifest.finished),
    }
    rows = [same | row for row in summary.to_pylist()]
    uri = _entry(output, manifest)
    write_parquet(uri, pa.Table.from_pylist(rows, schema=CATALOG_SCHEMA))
    return uri


def withdraw(output: str, manifest: Manifest) -> None:
    """Remove a run's entry, if there is one: the run is not complete any more."""
    remove(_entry(output, manifest))


def read_catalog(output: str) -> pa.Table:
    """Read all entries, in CATALOG_SCHEMA; no rows where nothing was entered yet."""
    files = list_files(join(output, "catalogue"), ".parquet")
    return pa.concat_tables([CATALOG_SCHEMA.empty_table(), *map(_read_entry, files)])


def _read_entry(uri: str) -> pa.Table:
    """Read one entry in CATALOG_SCHEMA; columns that came after it are null."""
    present = parquet_schema(uri).names
    own = pa.schema(field for field in CATALOG_SCHEMA if field.name in present)
    table = read_parquet(uri, own.names, schema=own)
    for field in CATALOG_SCHEMA:
        if field.name not in present:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(CATALOG_SCHEMA.names)


def _entry(output: str, manifest: Manifest) -> str:
    return join(output, "catalogue", f"{manifest.run_id}-{manifest.model.name}.parquet")
