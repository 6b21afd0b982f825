"""Checkpoints as a worker needs them: a local folder, fetched once per machine if it is remote.

In: a local folder, a fsspec URI (s3://…) or a hub id. Out: a path that the engine can load, and
ids of the content that do not depend on where it is stored.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from actors.hub import hub_folder, is_hub_id
from actors.storage.files import copy_to_local, join, list_tree, read_range, read_ranges

_WHOLE = 64 * 2**20  # files up to this size are hashed whole, larger safetensors by sampling
# Of each tensor: its first and last bytes, one place between them, and no 16 MiB without a sample.
_SAMPLE, _EVERY = 2**13, 2**24
_GAP = 2**16  # samples that lie closer than this are read together: a request costs more
_READ, _AT_ONCE = 2**22, 32  # bytes of one read at most, and reads at a time: bound the memory
_TENSORS = ".safetensors"
_LONGEST_HEADER = 8 + 100_000_000  # bytes; the format's own bound
# What may differ between two checkpoints of one engine: weights, and what no engine reads.
_WEIGHTS = (_TENSORS, ".bin", ".pt", ".pth", ".index.json")
_UNREAD = (".md", "trainer_state.json")


def local_folder(source: str, *, small: bool = False) -> str:
    """Return a local path for a remote source or a hub id; a folder's path is returned as it is.

    Args:
        source: a folder, a URI or a hub id.
        small: without weights, where it has to be fetched.

    Raises:
        FileNotFoundError: the remote folder has no file.
        EvaluationError: as ``hub_folder``.
    """
    if is_hub_id(source):
        return hub_folder(source, small=small)
    if "://" not in source:
        return source
    cache = Path(os.environ.get("IMCBENCH_CACHE", Path.home() / ".cache" / "imcbench"))
    name = hashlib.sha256(source.encode()).hexdigest()[:16]
    target = cache / "models" / (f"{name}-small" if small else name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not target.exists():
            _fetch(source, target, small=small)
    return str(target)


def _fetch(source: str, target: Path, *, small: bool) -> None:
    """Copy a remote folder file by file; it gets its name once it is complete."""
    files = [name for name in list_tree(source) if not (small and name.endswith(_WEIGHTS))]
    if not files:
        raise FileNotFoundError(f"no model files at {source}")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        partial = Path(folder) / "model"
        for name in files:
            local = partial / name
            local.parent.mkdir(parents=True, exist_ok=True)
            copy_to_local(join(source, name), str(local))
        partial.rename(target)


def weights_id(source: str) -> str:
    """Identify a checkpoint by content: SHA-256 over its files' names, sizes and bytes.

    Of a safetensors file above 64 MiB count the header (names, types and shapes) and samples of
    every tensor: its first, middle and last bytes and some every 16 MiB, so that a checkpoint of
    140 GB is identified in seconds and a tensor that changed as a whole changes the id. Files of
    other formats (.bin, .pt, .gguf), and those that are no safetensors, are read to their end, in
    bounded memory: that takes as long as loading them. A hub id with its commit identifies itself.
    """
    files = _files(source)
    return f"hub:{source}" if files is None else _content(source, files, lambda name: True)


def tensors_id(source: str) -> str:
    """Identify the weights alone, as ``weights_id`` does the whole checkpoint."""
    files = _files(source)
    if files is None:
        return f"hub:{source}"
    return _content(source, files, lambda name: name.endswith(_WEIGHTS))


def engine_id(source: str) -> str | None:
    """Identify all of a checkpoint but its weights' values; None where that cannot be known.

    Equal ids: every file that an engine reads beside the weights has the same bytes, and the
    weights have the same names, types and shapes, which only safetensors files state. A reload
    would skip a missing tensor and keep the previous one.

    Raises:
        ValueError: a safetensors file is not one.
    """
    files = _files(source)
    if files is None:
        return None
    layout: dict[str, Any] = {}
    for name, size in files.items():
        if name.endswith(_TENSORS):
            layout |= _layout(join(source, name), size)
    if not layout:
        return None
    tensors = json.dumps(layout, sort_keys=True)
    rest = _content(source, files, lambda name: not name.endswith((*_WEIGHTS, *_UNREAD)))
    return hashlib.sha256(f"{rest}\x00{tensors}".encode()).hexdigest()


def _files(source: str) -> dict[str, int] | None:
    """Return a checkpoint's files by name, with their bytes; None for a hub id."""
    if is_hub_id(source):
        return None
    return {
        name: size
        for name, size in list_tree(source).items()
        if not any(part.startswith(".") for part in name.split("/"))
    }


def _content(source: str, files: Mapping[str, int], counts: Callable[[str], bool]) -> str:
    digest = hashlib.sha256()
    for name, size in files.items():
        if counts(name):
            digest.update(f"{name}\x00{size}\x00".encode())
            uri = join(source, name)
            spans = list(_in_reads(_spans(uri, size)))
            for n in range(0, len(spans), _AT_ONCE):
                for data in read_ranges(uri, spans[n : n + _AT_ONCE]):
                    digest.update(data)
    return f"sha256:{digest.hexdigest()}"


def _spans(uri: str, size: int) -> list[tuple[int, int]]:
    """Return the byte ranges of a file that are hashed, in their order and apart."""
    if size > _WHOLE and uri.endswith(_TENSORS):
        try:
            start, header = _header(uri, size)
            offsets = [tensor["data_offsets"] for tensor in header.values()]
            tensors = sorted((start + begin, start + end) for begin, end in offsets)
        except (ValueError, KeyError, TypeError, AttributeError):
            return [(0, size)]  # no safetensors: the engine will say so
        edges = [start, *(end for _, end in tensors)]
        if edges[-1] == size and edges[:-1] == [begin for begin, _ in tensors]:
            samples = [span for begin, end in tensors for span in _samples(begin, end)]
            return _together([(0, start), *samples])
    return [(0, size)] if size else []


def _samples(begin: int, end: int) -> list[tuple[int, int]]:
    """Return evenly spaced ranges of one tensor, the first and last at its ends."""
    if end - begin <= 3 * _SAMPLE:
        return [(begin, end)]
    last = end - begin - _SAMPLE
    gaps = 2 * max(1, -(-last // (2 * _EVERY)))  # even, so that one sample is in the middle
    return [(s, s + _SAMPLE) for s in (begin + n * last // gaps for n in range(gaps + 1))]


def _together(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join ranges that are neighbours, with what lies between them."""
    joined = spans[:1]
    for start, end in spans[1:]:
        if start - joined[-1][1] <= _GAP:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _in_reads(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Cut long ranges into reads."""
    for start, end in spans:
        for at in range(start, end, _READ):
            yield at, min(end, at + _READ)


def _layout(uri: str, size: int) -> dict[str, Any]:
    _, header = _header(uri, size)
    return {name: (tensor["dtype"], tensor["shape"]) for name, tensor in header.items()}


def _header(uri: str, size: int) -> tuple[int, dict[str, Any]]:
    """Read a safetensors file's header: 8 bytes of length, little-endian, then JSON.

    Returns:
        Where the tensors' bytes begin, and the tensors by name.

    Raises:
        ValueError: the file is no safetensors.
    """
    start = 8 + int.from_bytes(read_range(uri, 0, 8), "little")
    if start > min(size, _LONGEST_HEADER):
        raise ValueError(f"{uri} is not a safetensors file: its header would end at byte {start}")
    header: dict[str, Any] = json.loads(read_range(uri, 8, start))
    header.pop("__metadata__", None)
    return start, header
