"""Rows kept on disk while they are grouped or joined, so that memory holds one group at a time.

In: rows with the key of their group, and images' bytes. Out: groups in the order of their keys,
rows in the order they came. Everything lies in one temporary folder.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conf.errors import BadInput

MOST_ROWS = 20_000  # of one group; more means that its key tells nothing apart
_WRITE = 2_000  # rows written at once


class Staging:
    """One table of rows, and a folder of images that came inside rows."""

    def __init__(self, folder: Path, name: str = "rows") -> None:
        self._blobs = folder / "images"
        self._blobs.mkdir(exist_ok=True)
        self._db = sqlite3.connect(folder / f"{name}.sqlite")
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("CREATE TABLE rows (key TEXT, n INTEGER, body TEXT)")
        self._waiting: list[tuple[str, int, str]] = []
        self._count = 0

    def put(self, key: str, row: dict[str, Any]) -> None:
        """Keep a row; what JSON does not know (dates, decimals) becomes text."""
        self._count += 1
        body = json.dumps(row, default=str, ensure_ascii=False)
        self._waiting.append((key, self._count, body))
        if len(self._waiting) >= _WRITE:
            self._flush()

    def groups(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Yield each key with its rows.

        Raises:
            BadInput: a group has more than MOST_ROWS rows.
        """
        self._index()
        key, rows = None, []
        for found, body in self._db.execute("SELECT key, body FROM rows ORDER BY key, n"):
            if found != key and key is not None:
                yield key, rows
                rows = []
            key = found
            rows.append(json.loads(body))
            if len(rows) > MOST_ROWS:
                raise BadInput(f"more than {MOST_ROWS} rows form one dialogue group, {key!r:.60}")
        if key is not None:
            yield key, rows

    def find(self, key: str) -> list[dict[str, Any]]:
        """Return the rows of one key; the first call indexes the table."""
        self._index()
        found = self._db.execute("SELECT body FROM rows WHERE key = ? ORDER BY n", (key,))
        return [json.loads(body) for (body,) in found]

    def keep_blob(self, data: bytes) -> str:
        """Keep an image's bytes once; return their SHA-256."""
        digest = hashlib.sha256(data).hexdigest()
        file = self._blobs / digest
        if not file.exists():
            file.write_bytes(data)
        return digest

    def blob(self, digest: str) -> Path:
        """Return the file of bytes that were kept."""
        return self._blobs / digest

    def close(self) -> None:
        """Close the table; its file may then be removed."""
        self._db.close()

    def _index(self) -> None:
        self._flush()
        self._db.execute("CREATE INDEX IF NOT EXISTS by_key ON rows (key, n)")

    def _flush(self) -> None:
        self._db.executemany("INSERT INTO rows VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()
