"""Checkpoints as a worker needs them: a local folder, fetched once per machine if it is remote.

In: a local folder, a fsspec URI (s3://…) or a hub id. Out: a path that the engine can load, and
ids of the content that do not depend on where it is stored.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from actors.storage.files import copy_to_local, join, list_tree, read_range

_WHOLE = 64 * 2**20  # files up to this size are hashed whole, larger ones by sampling
_SAMPLES, _SAMPLE = 64, 2**16
_TENSORS = ".safetensors"
# What may differ between two checkpoints of one engine: weights, and what no engine reads.
_WEIGHTS = (_TENSORS, ".bin", ".pt", ".pth", ".index.json")
_UNREAD = (".md", "trainer_state.json")


def local_folder(source: str) -> str:
    """Return a local path for a remote source; other sources are returned as they are.

    Raises:
        FileNotFoundError: the remote folder has no file.
    """
    if "://" not in source:
        return source
    cache = Path(os.environ.get("IMCBENCH_CACHE", Path.home() / ".cache" / "imcbench"))
    target = cache / "models" / hashlib.sha256(source.encode()).hexdigest()[:16]
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not target.exists():
            _fetch(source, target)
    return str(target)


def _fetch(source: str, target: Path) -> None:
    """Copy a remote folder file by file; it gets its name once it is complete."""
    files = list_tree(source)
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

    Files above 64 MiB count by 64 evenly spaced samples of 64 KiB, so that a 140 GB checkpoint is
    identified in seconds. A hub id identifies itself.
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
    for name in files:
        if name.endswith(_TENSORS):
            layout |= _layout(join(source, name))
    if not layout:
        return None
    tensors = json.dumps(layout, sort_keys=True)
    rest = _content(source, files, lambda name: not name.endswith((*_WEIGHTS, *_UNREAD)))
    return hashlib.sha256(f"{rest}\x00{tensors}".encode()).hexdigest()


def _files(source: str) -> dict[str, int] | None:
    """Return a checkpoint's files by name, with their bytes; None for a hub id."""
    if "://" not in source and not Path(source).is_dir():
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
            for start, end in _spans(size):
                digest.update(read_range(join(source, name), start, end))
    return f"sha256:{digest.hexdigest()}"


def _layout(uri: str) -> dict[str, Any]:
    """Read a safetensors file's header: 8 bytes of length, little-endian, then JSON."""
    length = int.from_bytes(read_range(uri, 0, 8), "little")
    header: dict[str, Any] = json.loads(read_range(uri, 8, 8 + length))
    header.pop("__metadata__", None)
    return {name: (tensor["dtype"], tensor["shape"]) for name, tensor in header.items()}


def _spans(size: int) -> list[tuple[int, int]]:
    """Return the byte ranges of a file of ``size`` bytes that are hashed."""
    if size <= _WHOLE:
        return [(0, size)] if size else []
    starts = [n * (size - _SAMPLE) // (_SAMPLES - 1) for n in range(_SAMPLES)]
    return [(start, start + _SAMPLE) for start in starts]
