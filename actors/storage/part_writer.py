"""Rows that arrive over hours, gathered into files of some size.

In: tables of one schema. Out: new files under one folder, each complete.
"""

import time
import uuid

import pyarrow as pa

from actors.storage.files import join, write_parquet

# A killed driver loses at most what was not flushed: two seconds of answers.
_FLUSH_ROWS, _FLUSH_S = 4096, 2.0


class PartWriter:
    """Writes after so many rows or seconds, and at the end of its context whatever happened."""

    def __init__(self, folder: str, schema: pa.Schema) -> None:
        self._folder = folder
        self._schema = schema
        self._tables: list[pa.Table] = []
        self._flushed = time.monotonic()

    def __enter__(self) -> "PartWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def add(self, table: pa.Table) -> None:
        """Add rows that belong together: they are written to one file."""
        self._tables.append(table.select(self._schema.names))
        rows = sum(t.num_rows for t in self._tables)
        if rows >= _FLUSH_ROWS or time.monotonic() - self._flushed >= _FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered as one new file."""
        if self._tables:
            table = pa.concat_tables(self._tables).cast(self._schema)
            write_parquet(join(self._folder, f"part-{uuid.uuid4().hex}.parquet"), table)
            self._tables = []
        self._flushed = time.monotonic()
