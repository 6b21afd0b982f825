"""Files: listed, read, written whole, as bytes, JSON or Parquet.

In: local paths or fsspec URIs (s3://…). Out: bytes, Arrow tables, listings. A file appears under
its final name whole or not at all: locally by rename, on object stores because a put is atomic.
Calls to object stores are tried again with growing pauses, up to a limit.
"""

import contextlib
import io
import json
import mimetypes
import os
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from actors.storage.filesystem import filesystem, is_local
from actors.storage.retry import with_retries
from conf.errors import BadInput, BrokenFile

_WEB = (".html", ".css", ".js", ".svg", ".jpg")


def join(*parts: str) -> str:
    """Join path parts with '/', which fsspec takes on every system."""
    head, *rest = parts
    return "/".join([head.rstrip("/"), *(p.strip("/") for p in rest)])


def exists(uri: str) -> bool:
    """Return whether a file or folder exists now."""
    fs, path = filesystem(uri)
    fs.invalidate_cache(path)
    return bool(with_retries(uri, "looked up", lambda: fs.exists(path)))


def list_files(folder: str, suffix: str) -> list[str]:
    """List a folder's files with a suffix, sorted, as URIs; a missing folder is empty.

    Listings are never taken from a cache: other processes write here.
    """
    fs, path = filesystem(folder)
    fs.invalidate_cache(path)
    try:
        paths = with_retries(folder, "listed", lambda: fs.ls(path, detail=False))
    except FileNotFoundError:
        return []
    names = sorted(f.rstrip("/").rsplit("/", 1)[-1] for f in paths)
    return [join(folder, n) for n in names if n.endswith(suffix) and not n.startswith((".", "_"))]


def match_folders(pattern: str) -> list[str]:
    """List the folders that a glob matches, as URIs; step-9 comes before step-10."""
    fs, path = filesystem(pattern)
    matched = with_retries(pattern, "listed", lambda: fs.glob(path, detail=True))
    folders = [name for name, info in matched.items() if info["type"] == "directory"]
    ordered = sorted(folders, key=lambda name: re.sub(r"\d+", lambda n: n[0].zfill(20), name))
    return [str(fs.unstrip_protocol(f)) if "://" in pattern else f for f in ordered]


def glob_files(root: str, pattern: str) -> list[str]:
    """List the files below ``root`` that match a pattern such as ``*/*/report.json``, as URIs."""
    fs, path = filesystem(root)
    fs.invalidate_cache(path)
    base = path.rstrip("/")
    matched = with_retries(root, "listed", lambda: fs.glob(f"{base}/{pattern}", detail=True))
    files = sorted(name for name, info in matched.items() if info["type"] == "file")
    return [join(root, f[len(base) + 1 :]) for f in files]


def list_tree(root: str) -> dict[str, int]:
    """Return all files below a folder: names relative to it, sorted, and their bytes."""
    fs, path = filesystem(root)
    entries = with_retries(root, "listed", lambda: fs.find(path, detail=True))
    start = len(path.rstrip("/")) + 1
    return {name[start:]: entries[name]["size"] for name in sorted(entries)}


def read_range(uri: str, start: int, end: int) -> bytes:
    """Read the bytes from ``start`` up to, and without, ``end``."""
    fs, path = filesystem(uri)
    data: bytes = with_retries(uri, "read", lambda: fs.cat_file(path, start=start, end=end))
    return data


def read_ranges(uri: str, spans: Sequence[tuple[int, int]]) -> list[bytes]:
    """Read several ranges as ``read_range`` does, from an object store all at once."""
    fs, path = filesystem(uri)
    contents: dict[tuple[int, int], bytes] = {}

    def read_missing() -> None:
        missing = [span for span in spans if span not in contents]
        starts, ends = [start for start, _ in missing], [end for _, end in missing]
        results = fs.cat_ranges([path] * len(missing), starts, ends, on_error="return")
        contents.update(
            {span: r for span, r in zip(missing, results, strict=True) if isinstance(r, bytes)}
        )
        errors = [result for result in results if not isinstance(result, bytes)]
        if errors:
            raise errors[0]

    with_retries(uri, "read", read_missing)
    return [contents[span] for span in spans]


def copy_to_local(uri: str, target: str) -> None:
    """Copy a file to a local path whose folder exists."""
    fs, path = filesystem(uri)
    with_retries(uri, "copied", lambda: fs.get_file(path, target))


def read_bytes(uri: str) -> bytes:
    """Read a whole file; raises FileNotFoundError where there is none."""
    fs, path = filesystem(uri)
    data: bytes = with_retries(uri, "read", lambda: fs.cat_file(path))
    return data


def write_bytes(uri: str, data: bytes, *, sync: bool = True) -> None:
    """Write a whole file atomically, replacing one that is there.

    Without ``sync`` a local file may be lost, never torn, when the machine itself goes down.

    Raises:
        BadInput: no permission, or no such bucket.
        InfrastructureError: disk full, storage down; no file was changed.
    """
    fs, path = filesystem(uri)
    try:
        if is_local(uri):
            with_retries(uri, "written", lambda: _write_local(path, data, sync=sync))
        else:
            with_retries(uri, "written", lambda: fs.pipe_file(path, data, **_web_type(fs, path)))
    except FileNotFoundError:
        what = "its folder cannot be made" if is_local(uri) else "there is no such bucket"
        raise BadInput(f"{uri} cannot be written: {what}") from None


def write_new(uri: str, data: bytes) -> bool:
    """Write a file unless it exists, in one step where storage can; False if it existed."""
    fs, path = filesystem(uri)
    try:
        if is_local(uri):
            with_retries(uri, "written", lambda: _write_local(path, data, sync=True, place=os.link))
        else:
            with_retries(uri, "written", lambda: fs.pipe_file(path, data, mode="create"))
    except BadInput:  # s3fs knows no error of its own for a precondition that failed
        if exists(uri):
            return False
        raise
    return True


def _write_local(
    path: str, data: bytes, *, sync: bool, place: Callable[[str, str], None] | None = None
) -> None:
    folder, name = os.path.split(path)
    os.makedirs(folder, exist_ok=True)
    partial = os.path.join(folder, f".{name}.{uuid.uuid4().hex}.partial")
    try:
        with open(partial, "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        (place or os.replace)(partial, path)
    finally:
        if os.path.exists(partial):
            os.unlink(partial)


def remove(uri: str) -> None:
    """Delete a file if it exists."""
    fs, path = filesystem(uri)
    with contextlib.suppress(FileNotFoundError):
        with_retries(uri, "deleted", lambda: fs.rm_file(path))


def read_json(uri: str) -> Any:
    """Read JSON.

    Raises:
        BadInput: missing, or not JSON; names the file.
    """
    try:
        data = read_bytes(uri)
    except FileNotFoundError:
        raise BadInput(f"{uri} is missing") from None
    try:
        return json.loads(data)
    except ValueError as error:
        raise BadInput(f"{uri} is not valid JSON: {error}") from error


def write_json(uri: str, document: Any) -> None:
    """Write JSON atomically; infinities and NaN are refused."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(uri, text.encode() + b"\n")


def read_parquet(
    uri: str, columns: list[str] | None = None, *, schema: pa.Schema | None = None
) -> pa.Table:
    """Read one Parquet file.

    Args:
        uri: the file.
        columns: those to read; None: all.
        schema: what to cast the columns to, which are then those of the schema.

    Raises:
        BrokenFile: the file is truncated, not Parquet, or not of that schema.
        FileNotFoundError: there is no such file.
    """
    data = read_bytes(uri)
    with _broken_if_invalid(uri):
        table = pq.read_table(pa.BufferReader(data), columns=columns)
        return table if schema is None else table.cast(schema)


def write_parquet(uri: str, table: pa.Table) -> None:
    """Write one Parquet file atomically."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_bytes(uri, sink.getvalue().to_pybytes())


def parquet_schema(uri: str) -> pa.Schema:
    """Read a Parquet file's schema without its rows; raises as ``read_parquet``."""
    with open_parquet(uri) as file:
        return file.schema_arrow


@contextlib.contextmanager
def open_parquet(uri: str) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file to read it in parts; inside, too, raises as ``read_parquet``."""
    with open_binary(uri) as file, _broken_if_invalid(uri):
        yield pq.ParquetFile(file)


@contextlib.contextmanager
def open_binary(uri: str) -> Iterator[BinaryIO]:
    """Open a file to read it in parts; raises FileNotFoundError where there is none.

    A local file is read as it is asked for; a remote one at once, so that a connection that breaks
    half-way is tried again.
    """
    fs, path = filesystem(uri)
    with fs.open(path, "rb") if is_local(uri) else io.BytesIO(read_bytes(uri)) as file:
        yield file


@contextlib.contextmanager
def _broken_if_invalid(uri: str) -> Iterator[None]:
    """Raise Arrow's errors about a file's content as BrokenFile."""
    try:
        yield
    except (ValueError, pa.ArrowNotImplementedError) as error:  # ArrowInvalid is a ValueError
        raise BrokenFile(f"{uri} cannot be read: {str(error).splitlines()[0]}") from error


def _web_type(fs: Any, path: str) -> dict[str, str]:
    """Return the media type of a page's file: a browser goes by the type stored with an object."""
    kind = mimetypes.guess_type(path)[0] if path.endswith(_WEB) else None
    return {"ContentType": kind} if kind and "s3" in fs.protocol else {}
