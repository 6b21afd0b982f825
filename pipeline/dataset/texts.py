"""Texts out of a file of reports or answers, whatever simple form it has.

In: the URI of a .jsonl, .csv or plain text file. Out: its texts in order, empty ones left out.
"""

import csv
import io
import json
from collections.abc import Iterator

from actors.storage.files import open_binary
from conf.errors import BadInput


def read_texts(uri: str, column: str = "text") -> Iterator[str]:
    """Yield the texts of a file, streamed.

    Args:
        uri: ``.jsonl`` (objects with ``column``, or bare strings), ``.csv`` with a header line, and
            anything else as plain text, one text a line. UTF-8.
        column: the key or column that holds the text.

    Raises:
        BadInput: the file is not of its form or has no such column; names file and line.
    """
    with open_binary(uri) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:
        try:
            texts = _READERS.get(uri.rpartition(".")[2].lower(), _lines)(file, uri, column)
            yield from (text for text in texts if text.strip())
        except UnicodeDecodeError as error:
            raise BadInput(f"{uri} is not UTF-8 text: {error.reason}") from error


def _lines(file: io.TextIOWrapper, uri: str, column: str) -> Iterator[str]:
    yield from file


def _jsonl(file: io.TextIOWrapper, uri: str, column: str) -> Iterator[str]:
    for n, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise BadInput(f"{uri}, line {n}: is not JSON: {error}") from error
        text = row.get(column) if isinstance(row, dict) else row
        if not isinstance(text, str):
            raise BadInput(f"{uri}, line {n}: has no text under {column!r}")
        yield text


def _csv(file: io.TextIOWrapper, uri: str, column: str) -> Iterator[str]:
    rows = csv.DictReader(file)
    if column not in (rows.fieldnames or ()):
        known = ", ".join(rows.fieldnames or ()) or "none"
        raise BadInput(f"{uri} has no column {column!r}; its columns are {known}")
    yield from (row[column] or "" for row in rows)


_READERS = {"jsonl": _jsonl, "csv": _csv}
