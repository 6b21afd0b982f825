"""Files to plain rows: JSON, JSON lines, CSV, TSV, Parquet, chats and lists of files.

In: a file. Out: rows as nested dicts, each with ``@file`` and ``@row``; a row that is broken by
itself is a ``RowFault`` in its place. A file that cannot be read at all is ``BadInput``.
"""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from conf.errors import BadInput
from pipeline.dataset.importers.annotations import coco_rows, voc_rows
from pipeline.dataset.importers.dicom import Pseudonyms, dicom_rows
from pipeline.dataset.importers.mapping import Rows
from pipeline.dataset.importers.source import Source
from pipeline.dataset.importers.values import RowFault

Found = dict[str, Any] | RowFault
MAX_FIELD = 128 * 2**20  # characters of one CSV field: an image of 96 MB in base64
_BATCH = 256  # rows of Parquet in memory at once
_SPEAKERS = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"}


def read_rows(rows: Rows, source: Source, pseudonyms: Pseudonyms) -> Iterator[Found]:
    """Yield the rows of all files that match, file by file; ``pseudonyms`` are for DICOM.

    Raises:
        BadInput: no such file, or one that cannot be read.
    """
    for file in source.matches(rows.path):
        name = source.name(file)
        if rows.read == "dicom":
            found = dicom_rows(file, pseudonyms)
        else:
            found = _READERS[rows.read](file, rows)
        for n, row in enumerate(_exploded(found, rows.explode), start=1):
            if isinstance(row, dict):
                row["@file"], row["@row"], row["@stem"] = name, n, file.stem
                yield row
            else:
                yield RowFault(row.reason, f"{name} row {n}: {row}")


def _exploded(found: Iterator[Found], path: str) -> Iterator[Found]:
    """Yield one row per item of a nested list, which then stands in the list's place."""
    name, _, rest = path.partition(".")
    for row in found:
        if not path or isinstance(row, RowFault):
            yield row
            continue
        items = row.get(name)
        if not isinstance(items, list):
            yield RowFault("a row has no list to explode", f"{name!r} is no list")
            continue
        inner = _exploded(iter([i if isinstance(i, dict) else {"value": i} for i in items]), rest)
        for item in inner:
            yield {**row, name: item} if isinstance(item, dict) else item


def _json(file: Path, rows: Rows) -> Iterator[Found]:
    yield from _records(_document(file, rows), f"{file.name}{rows.at and ': ' + rows.at}")


def _document(file: Path, rows: Rows) -> Any:
    """Return the part of a JSON document that ``rows.at`` names."""
    try:
        document = json.loads(_text(file, rows.encoding))
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadInput(f"{file.name} is not JSON: {error}") from None
    for key in filter(None, rows.at.split(".")):
        if not isinstance(document, dict) or key not in document:
            raise BadInput(f"{file.name} has nothing at {rows.at!r} (rows.at)")
        document = document[key]
    return document


def _records(document: Any, where: str) -> Iterator[Found]:
    if not isinstance(document, list):
        raise BadInput(f"{where} is {type(document).__name__}, not a list of rows (see rows.at)")
    for item in document:
        yield item if isinstance(item, dict) else RowFault("a row is not an object")


def _json_lines(file: Path, rows: Rows) -> Iterator[Found]:
    for line in _lines(file, rows.encoding):
        if line.strip():
            try:
                item = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                yield RowFault("a line is not JSON", str(error))
                continue
            yield item if isinstance(item, dict) else RowFault("a row is not an object")


def _separated(file: Path, rows: Rows) -> Iterator[Found]:
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(
        _lines(file, rows.encoding), delimiter="\t" if rows.read == "tsv" else ",", strict=True
    )
    try:
        header = [name.strip() for name in next(reader, [])]
        if not any(header):
            raise BadInput(f"{file.name} is empty: no header")
        named = [name for name in header if name]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise BadInput(f"{file.name}: the column {twice[0]!r} stands twice in the header")
        while header[-1] == "":
            header.pop()
        for fields in reader:
            if not fields:
                continue
            if len(fields) < len(header):
                yield RowFault("a row has too few fields", f"{len(fields)} of {len(header)}")
            elif any(fields[len(header) :]):
                yield RowFault("a row has too many fields", f"{len(fields)} for {len(header)}")
            else:
                yield {k: v for k, v in zip(header, fields, strict=False) if k}
    except csv.Error as error:
        raise BadInput(f"{file.name} line {reader.line_num}: {error}") from None


def _parquet(file: Path, rows: Rows) -> Iterator[Found]:
    try:
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches(batch_size=_BATCH):
                yield from batch.to_pylist()
    except (pa.ArrowInvalid, OSError) as error:
        raise BadInput(f"{file.name} is not Parquet: {str(error).splitlines()[0]}") from None


def _chat(file: Path, rows: Rows) -> Iterator[Found]:
    lines = file.suffix == ".jsonl"
    records = _json_lines(file, rows) if lines else _json(file, rows)
    for n, record in enumerate(records):
        if isinstance(record, RowFault):
            yield record
        else:
            yield from _exchanges(record, n)


def _exchanges(record: dict[str, Any], n: int) -> Iterator[Found]:
    """Yield one row per question and answer of a record, with the record's other columns."""
    key = next((k for k in ("conversations", "messages") if isinstance(record.get(k), list)), None)
    if key is None:
        yield RowFault("a chat has neither conversations nor messages")
        return
    others = {k: v for k, v in record.items() if k != key}
    question, turn = None, 0
    for message in record[key]:
        try:
            speaker = _SPEAKERS.get(message.get("from") or message.get("role"))
            said = _said(message.get("value") or message.get("content") or "")
        except AttributeError:
            yield RowFault("a chat's message is not an object")
            return
        if speaker == "user":
            if question is not None:
                yield RowFault("a chat's question has no answer", f"record {n}: {question[:60]}")
            question = said
        elif speaker == "assistant" and question is not None:
            turn += 1
            exchange = {"question": question, "answer": said, "@record": n, "@turn": turn}
            yield {**others, **exchange}
            question = None
    if question is not None:
        yield RowFault("a chat's question has no answer", f"record {n}: {question[:60]}")


def _said(content: Any) -> str:
    """Return a message's text without the marks that stand for images."""
    if isinstance(content, list):
        content = "\n".join(str(p.get("text") or "") for p in content if p.get("type") == "text")
    return str(content).replace("<image>", "").strip()


def _files(file: Path, rows: Rows) -> Iterator[Found]:
    yield {"path": file.name}


def _text(file: Path, encoding: str) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise _wrong_encoding(file, encoding, error) from None


def _lines(file: Path, encoding: str) -> Iterator[str]:
    try:
        named = "utf-8-sig" if encoding == "utf-8" else encoding
        with file.open(encoding=named, newline="") as opened:
            yield from opened
    except (UnicodeDecodeError, LookupError) as error:
        raise _wrong_encoding(file, encoding, error) from None


def _wrong_encoding(file: Path, encoding: str, error: Exception) -> BadInput:
    return BadInput(f"{file.name} cannot be read as {encoding} ({error}); give rows.encoding")


_READERS: dict[str, Callable[[Path, Rows], Iterator[Found]]] = {
    "json": _json,
    "jsonl": _json_lines,
    "csv": _separated,
    "tsv": _separated,
    "parquet": _parquet,
    "chat": _chat,
    "coco": lambda file, rows: coco_rows(_document(file, rows), file.name),
    "voc": lambda file, rows: voc_rows(file),
    "files": _files,
}
