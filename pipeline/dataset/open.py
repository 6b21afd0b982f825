"""Datasets: open one, read its dialogues, identify its content.

In: the URI of a folder with dataset.json, its lexicon, dialogues/*.parquet and images.
Out: ``Dataset``, Arrow tables of dialogues in file order, a content id that ignores the location.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from actors.images import safe_relative
from actors.schema import DIALOGUE_SCHEMA, DIALOGUE_SCHEMA_2, SCHEMA_VERSIONS
from actors.storage.files import join, list_files, open_binary, open_parquet, read_json, write_json
from conf.errors import BadInput
from pipeline.dataset.lexicon import Lexicon

_REQUIRED = ("name", "release", "schema_version", "lexicon")
_OPTIONAL_COLUMNS = {
    "adversarial_of",
    "perturbation",
    *(set(DIALOGUE_SCHEMA_2.names) - set(DIALOGUE_SCHEMA.names)),
}
# Lists of a turn that read as empty where they are absent.
_MAY_LACK = {"image_ids", "choices", "supports", "claims"}
_CHUNK = 2**20  # bytes hashed at once


@dataclass(frozen=True)
class Dataset:
    """An opened dataset. ``files`` are the URIs of its dialogue files, sorted."""

    uri: str
    document: dict[str, Any]
    lexicon: Lexicon
    files: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the dataset's own name."""
        return str(self.document["name"])

    @cached_property
    def content_id(self) -> str:
        """Return the SHA-256 over lexicon and dialogue files, whose rows hold the images' hashes.

        Raises:
            BadInput: a file is not what dataset.json says.
        """
        stated = self.document.get("files") or {}
        digest = hashlib.sha256()
        for uri in (join(self.uri, self.document["lexicon"]), *self.files):
            name = uri[len(self.uri.rstrip("/")) + 1 :]
            actual = _sha256(uri)
            if stated.get(name, actual) != actual:
                raise BadInput(f"{uri} was altered: its SHA-256 is not the one in dataset.json")
            digest.update(f"{name}\x00{actual}\n".encode())
        return f"sha256:{digest.hexdigest()}"

    def batches(self, rows: int = 1000) -> Iterator[pa.Table]:
        """Stream the dialogues in file order, ``rows`` at a time, in DIALOGUE_SCHEMA_2's columns.

        Raises:
            BadInput: a file is not Parquet or lacks a column; names both.
        """
        for uri in self.files:
            with open_parquet(uri) as parquet:
                _check_columns(uri, parquet.schema_arrow)
                for batch in parquet.iter_batches(batch_size=rows):
                    yield _conform(pa.Table.from_batches([batch]))

    def dialogues(self, limit: int | None = None) -> pa.Table:
        """Read all dialogues, or the first ``limit``, into one table."""
        tables, count = [], 0
        for table in self.batches():
            tables.append(table)
            count += table.num_rows
            if limit is not None and count >= limit:
                break
        if not tables:
            raise BadInput(f"{self.uri} holds no dialogues")
        return pa.concat_tables(tables).slice(0, limit)


@dataclass(frozen=True, kw_only=True)
class Gold:
    """The dialogues that a run asks, with their expert answers, and the dataset they come from.

    ``dialogues`` are rows of DIALOGUE_SCHEMA_2; those with faults were ``dropped``.
    """

    dataset: Dataset
    dialogues: pa.Table
    dropped: tuple[str, ...] = ()

    @property
    def lexicon(self) -> Lexicon:
        """The dataset's vocabulary."""
        return self.dataset.lexicon


def open_dataset(uri: str) -> Dataset:
    """Open a dataset folder.

    Raises:
        BadInput: a part is missing, malformed or of another schema version.
    """
    where = join(uri, "dataset.json")
    document = read_json(where)
    if not isinstance(document, dict):
        raise BadInput(f"{where} is not a JSON object")
    missing = [key for key in _REQUIRED if key not in document]
    if missing:
        raise BadInput(f"{where} lacks {', '.join(missing)}")
    if document["schema_version"] not in SCHEMA_VERSIONS:
        raise BadInput(
            f"{where}: schema_version is {document['schema_version']!r}; "
            f"this program reads versions {' and '.join(map(str, SCHEMA_VERSIONS))}"
        )
    if not safe_relative(str(document["lexicon"])):
        raise BadInput(f"{where}: lexicon {document['lexicon']!r} leaves the dataset folder")
    lexicon_uri = join(uri, document["lexicon"])
    lexicon = Lexicon.from_json(read_json(lexicon_uri), lexicon_uri)
    files = tuple(list_files(join(uri, "dialogues"), ".parquet"))
    if not files:
        raise BadInput(f"{join(uri, 'dialogues')} holds no .parquet file")
    return Dataset(uri=uri.rstrip("/"), document=document, lexicon=lexicon, files=files)


def migrate(uri: str) -> bool:
    """Make a version 1 dataset one of version 2; return whether anything had to be done.

    Every version 1 row is a version 2 row, so dataset.json alone is written anew, and the content
    id, with it the fingerprints of runs, stays.
    """
    dataset = open_dataset(uri)
    if dataset.document["schema_version"] == SCHEMA_VERSIONS[-1]:
        return False
    write_json(
        join(dataset.uri, "dataset.json"),
        {"access": "open", **dataset.document, "schema_version": SCHEMA_VERSIONS[-1]},
    )
    return True


def turn_counts(dialogues: pa.Table) -> pa.Array:
    """Count each dialogue's turns."""
    return pc.list_value_length(dialogues["turns"].combine_chunks())


def _sha256(uri: str) -> str:
    """Hash a file; a local one of any size in bounded memory."""
    digest = hashlib.sha256()
    with open_binary(uri) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _check_columns(uri: str, schema: pa.Schema) -> None:
    """Check names and kinds; raises BadInput for the first column that is missing or unlike."""
    for declared in DIALOGUE_SCHEMA_2:
        name = declared.name
        if name not in schema.names:
            if name in _OPTIONAL_COLUMNS:
                continue
            raise BadInput(f"{uri} lacks the column {name!r}")
        kind = schema.field(name).type
        if pa.types.is_boolean(declared.type):
            if not pa.types.is_boolean(kind):
                raise BadInput(f"{uri}: the column {name!r} is {kind}, not bool")
            continue
        if not pa.types.is_list(declared.type):
            if not _is_text(kind):
                raise BadInput(f"{uri}: the column {name!r} is {kind}, not string")
            continue
        if not (_is_list(kind) and pa.types.is_struct(kind.value_type)):
            raise BadInput(f"{uri}: the column {name!r} is {kind}, not a list of structs")
        held = {kind.value_type.field(n).name for n in range(kind.value_type.num_fields)}
        for inner in declared.type.value_type:
            if not inner.nullable and inner.name not in held | _MAY_LACK:
                raise BadInput(f"{uri}: the column {name!r} lacks the field {inner.name!r}")


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return pa.types.is_null(kind) or any(test(kind) for test in text)


def _conform(table: pa.Table) -> pa.Table:
    """Keep the known columns in order, text as plain strings; absent optional ones become null."""
    columns = {}
    for declared in DIALOGUE_SCHEMA_2:
        name = declared.name
        if name not in table.column_names:
            columns[name] = pa.nulls(table.num_rows, declared.type)
        elif _is_text(table.schema.field(name).type):
            columns[name] = table[name].cast(pa.string())
        else:
            columns[name] = table[name]
    return pa.table(columns)
